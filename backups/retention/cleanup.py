"""The cleanup of a database: first the list is saved, then only what is on it goes.

1. The plan, by the database's clock. When it looks like a clock's mistake: stop, and tell.
2. The list is a row (`Cleanup`).
3. Under the database's lock the plan is made again; what is on both goes, by `deletion`.
4. The bytes, and the row says what went. A crash leaves a row without an end, which the tick
   goes on with.
"""

import uuid
from collections.abc import Collection

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, System, require
from backups.deletion import PURGED_IN_A_ROUND, delete_expired, purge
from backups.models import Cleanup, Database
from backups.retention.plan import Stop
from backups.retention.preview import Preview, preview_cleanup
from faults import reach
from monitoring.alerts.services import open_alert, resolve_alert

log = structlog.get_logger(__name__)


def clean_database(
    *,
    database: Database,
    actor: Actor,
    named: Collection[uuid.UUID] | None = None,
    confirmed: bool = False,
) -> Cleanup | None:
    """Remove what has expired: of what a preview named, when it is given. None: nothing goes.

    `confirmed`: a person has looked at the preview, and means it although the clock is under
    suspicion; that ends the stop. Raises NotAllowed.
    """
    require(actor, "backups.delete_backup", database.company)
    preview = preview_cleanup(database=database)
    if not confirmed and _is_stopped(database, preview):
        return None
    if database.cleanup_stopped:
        _end_stop(database, actor)
    wanted = [one.pk for one in preview.going if named is None or one.pk in named]
    Database.objects.filter(pk=database.pk).update(cleaned_at=Now())
    if not wanted:
        return None
    cleanup = Cleanup.objects.create(
        company=database.company,
        database=database,
        asked_by=actor.get_username(),
        confirmed=confirmed,
        planned=[str(pk) for pk in wanted],
    )
    reach("retention.planned")
    carry_out(cleanup=cleanup, actor=actor)
    return cleanup


def carry_out(*, cleanup: Cleanup, actor: Actor) -> None:
    """Remove what is on its list and still expired. Safe to be repeated from any point."""
    database = Database.every.select_related("company").get(pk=cleanup.database_id)
    planned = {uuid.UUID(pk) for pk in cleanup.planned}

    def choose() -> set[uuid.UUID]:
        preview = preview_cleanup(database=database)
        if preview.stop is not None and not cleanup.confirmed:
            return set()
        return planned & {one.pk for one in preview.going}

    while database.deleted_at is None:
        gone = delete_expired(database=database, choose=choose, actor=actor)
        reach("retention.marked")
        purge(gone)
        if len(gone) < PURGED_IN_A_ROUND:
            break
    reach("retention.purged")
    _end(cleanup, planned)


def _end(cleanup: Cleanup, planned: set[uuid.UUID]) -> None:
    every = cleanup.database.backups(manager="every")
    removed = every.filter(pk__in=planned, deleted_at__gte=cleanup.created_at)
    cleanup.removed = [str(pk) for pk in removed.values_list("pk", flat=True)]
    Cleanup.objects.filter(pk=cleanup.pk).update(removed=cleanup.removed, ended_at=Now())


def _is_stopped(database: Database, preview: Preview) -> bool:
    """Whether nothing may go until a person has looked; begins and ends the stop."""
    if preview.stop is None:
        # A clock that was behind is not any more; whether half of all may go, only a person says.
        if database.cleanup_stopped == Stop.CLOCK_BEHIND:
            _end_stop(database, System("cleanup"))
        return bool(database.cleanup_stopped)
    if database.cleanup_stopped == preview.stop:
        return True
    with transaction.atomic():
        database.cleanup_stopped = preview.stop
        Database.objects.filter(pk=database.pk).update(cleanup_stopped=preview.stop)
        audit.record(
            actor=System("cleanup"),
            action="cleanup.stopped",
            thing=database,
            company=database.company,
            changes={"why": str(preview.stop), "would_go": len(preview.going)},
        )
        open_alert(
            key=f"cleanup.stopped:{database.pk}",
            company=database.company,
            subject=_("The cleanup of %(name)s is stopped") % {"name": database.name},
            text=preview.stop_words,
            url=reverse("backups:cleanup", args=[database.pk]),
            thing=database,
            occurrence=f"{preview.at:%Y%m%dT%H%M%S}",
        )
    log.warning("cleanup_stopped", database=str(database.pk), why=str(preview.stop))
    return True


@transaction.atomic
def _end_stop(database: Database, actor: Actor) -> None:
    database.cleanup_stopped = ""
    Database.objects.filter(pk=database.pk).update(cleanup_stopped="")
    resolve_alert(key=f"cleanup.stopped:{database.pk}")
    audit.record(actor=actor, action="cleanup.resumed", thing=database, company=database.company)
