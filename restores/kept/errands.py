"""Doing what was asked with the kept database. Safe to be killed in, and to be done twice.

Each try asks the server by its ids first what is called how: a try before it may have died
between the server's commit and ours. What cannot be known is tried again by the tick.
"""

import time
import uuid
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from access import audit
from access.policy import System
from access.redaction import redact
from backups.engines import Swap, engine_for
from backups.errors import BackupError, SessionsStay, TargetChanged
from backups.queueing import QUEUE
from backups.secret_use import record_use
from faults import reach
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.events.services import record_event
from monitoring.queue.selectors import tasks_wait
from restores.kept.names import holds_the_name
from restores.models import Restore
from restores.naming import TRYING_SECONDS, forget_drafts

log = structlog.get_logger(__name__)

TRY_AGAIN = timedelta(seconds=30)
# Nobody wants an undo that comes when a server is back after an hour.
UNDO_WITHIN = timedelta(minutes=10)
# By what nobody asked for, only the date.
BY_DATE = "date"
ONE_DAY = timedelta(days=1)


def enqueue_errand(restore: Restore) -> None:
    async_task("restores.tasks.run_errand", str(restore.pk), cluster=QUEUE, group="restore")


def wake_errands() -> int:
    """Wake a worker for what was asked and not done. Called by the tick."""
    if tasks_wait(QUEUE):
        return 0
    waiting = Restore.objects.exclude(errand="").filter(
        Q(errand_tried_at=None) | Q(errand_tried_at__lt=Now() - TRY_AGAIN)
    )
    found = list(waiting.order_by("errand_at")[:10])
    for restore in found:
        enqueue_errand(restore)
    return len(found)


def run_errand(*, restore_id: uuid.UUID) -> None:
    """What a worker does when it is woken."""
    tried = Restore.objects.filter(pk=restore_id).exclude(errand="")
    if not tried.update(errand_tried_at=Now()):
        return
    restore = Restore.objects.select_related("company", "server__company").get(pk=restore_id)
    try:
        if restore.errand == Restore.Errand.UNDO:
            _undo(restore)
        else:
            _drop(restore)
    except (SessionsStay, TargetChanged) as error:
        _give_up(restore, error)
    except BackupError as error:
        # The server does not answer, or did not: known when it does.
        log.warning("errand_waits", restore=str(restore.pk), code=error.code, error=str(error))
        Restore.objects.filter(pk=restore.pk).update(errand_error=redact(str(error)))
    else:
        # Told when it is done: it is tried again and again while the server is away.
        record_use(
            database=restore.server,
            actor=System("worker"),
            purpose=f"{restore.errand} of a restore",
            run=str(restore.pk),
        )


def _undo(restore: Restore) -> None:
    until = time.monotonic() + TRYING_SECONDS
    again = False
    while True:
        try:
            with transaction.atomic():
                _undo_once(restore)
                reach("undo.before-commit")
        except SessionsStay:
            if time.monotonic() > until:
                raise
        except TargetChanged:
            # Another worker, thought dead, may have been faster.
            if again:
                raise
            again = True
        else:
            return


def _undo_once(restore: Restore) -> None:
    rows = Restore.objects.select_for_update(of=("self",), skip_locked=True)
    found = rows.filter(pk=restore.pk, errand=Restore.Errand.UNDO).first()
    if found is None:
        return
    assert found.old_id is not None and found.new_id is not None
    engine = engine_for(restore.server)
    names = engine.whereabouts(restore.server, ids=[found.old_id, found.new_id])
    if names != {found.old_id: found.target_name, found.new_id: found.errand_name}:
        _refuse_undo(found, names)
        swap = Swap(
            name=found.target_name,
            goes=found.new_id,
            kept=found.errand_name,
            comes=found.old_id,
            comes_from=found.kept_name,
            note=found.note,
            carry=False,
        )
        reach("undo.asked")
        engine.swap(restore.server, swap, run=f"holdfast:{restore.pk}:undo")
        reach("undo.swapped")
    _finish(
        found,
        "restore.undone",
        status=Restore.Status.UNDONE,
        kept_name=found.errand_name,
        kept_until=Now() + timedelta(days=found.keep_old_days),
    )


def _refuse_undo(restore: Restore, names: dict[int, str]) -> None:
    """Raises TargetChanged."""
    assert restore.old_id is not None and restore.new_id is not None
    if names != {restore.old_id: restore.kept_name, restore.new_id: restore.target_name}:
        said = _("%(name)s is not what this restore has made any more, or the old one is gone.")
        raise TargetChanged(said % {"name": restore.target_name})
    if Restore.objects.filter(pk=restore.pk, errand_at__lt=Now() - UNDO_WITHIN).exists():
        raise TargetChanged(_("The server did not answer for ten minutes; ask again."))


def _drop(restore: Restore) -> None:
    if restore.errand_by == BY_DATE and not holds_the_name(restore):
        said = _("What should be called %(name)s is not there; the kept one stays a day longer.")
        raise TargetChanged(said % {"name": restore.target_name})
    kept = restore.kept_id
    assert kept is not None
    reach("kept.asked")
    engine_for(restore.server).drop_kept(
        restore.server, name=restore.kept_name, id=kept, note=restore.note
    )
    reach("kept.dropped")
    if restore.received_id is not None and restore.file is not None:
        # The role that a file's content belongs to goes with it, unless it owns something yet.
        forget_drafts(restore, restore.file.attempt)
    with transaction.atomic():
        rows = Restore.objects.select_for_update(of=("self",))
        found = rows.filter(pk=restore.pk, errand=Restore.Errand.DROP).first()
        if found is not None:
            _finish(found, "restore.kept_dropped", kept_name="", kept_until=None)
        reach("kept.before-commit")


def _finish(restore: Restore, action: str, **changes: Any) -> None:
    Restore.objects.filter(pk=restore.pk).update(
        errand="", errand_name="", errand_error="", **changes
    )
    resolve_alert(key=f"restore.errand_failed:{restore.pk}")
    _tell(restore, action, name=restore.target_name, kept=restore.kept_name)


def _give_up(restore: Restore, error: BackupError) -> None:
    """It is not possible, and nothing has changed on the server."""
    with transaction.atomic():
        rows = Restore.objects.filter(pk=restore.pk, errand=restore.errand)
        values: dict[str, Any] = {"errand": "", "errand_name": "", "errand_error": str(error)}
        if restore.errand_by == BY_DATE:
            values["kept_until"] = F("kept_until") + ONE_DAY
        if not rows.update(**values):
            return
        _tell(restore, f"restore.{restore.errand}_failed", code=error.code)
        title = _("What is kept beside %(name)s could not be brought back or dropped")
        open_alert(
            key=f"restore.errand_failed:{restore.pk}",
            company=restore.company,
            subject=title % {"name": restore.target_name},
            text=str(error),
            url=reverse("restores:detail", args=[restore.pk]),
            thing=restore.server,
            occurrence=f"{restore.errand}:{restore.errand_at}",
            lasting=False,
        )


def _tell(restore: Restore, action: str, **changes: Any) -> None:
    audit.record(
        actor=System("worker"),
        action=action,
        thing=restore,
        company=restore.company,
        changes=changes,
    )
    record_event(
        company=restore.company,
        topic="restore",
        subject=restore.pk,
        state=action.removeprefix("restore."),
    )
