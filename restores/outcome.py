"""How a restore ends in its rows; each is called in the transaction of its file's end."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.policy import System
from access.redaction import redact
from backups.engines import Difference, Restoration
from backups.models import Database
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.files.claims import Claim
from monitoring.files.courses import CANCELLED, Failure
from restores.connections import forget_connection
from restores.models import Restore

MOST_KEPT = 500


def write_completion(restore: Restore) -> None:
    """It has its name: registered, so that it can be backed up. Called in a transaction."""
    registered = _register(restore)
    kept_until = Now() + timedelta(days=restore.keep_old_days) if restore.replaces else None
    Restore.objects.filter(pk=restore.pk).update(
        status=Restore.Status.COMPLETED,
        completed_at=Now(),
        naming_at=None,
        kept_until=kept_until,
        registered=registered,
        error_code="",
        error="",
        error_detail="",
    )
    forget_connection(restore)
    resolve_alert(key=_alert_key(restore))
    kept = {"kept_as": restore.kept_name} if restore.kept_name else {}
    _audit(restore, "restore.completed", database=registered.name, **kept)


def keep_counts(*, restore: Restore, claim: Claim, there: Restoration) -> None:
    """Written before it gets its name: who finishes it later cannot count any more."""
    tables, rows = there.compared
    if there.counted:
        tables, rows = len(there.counted), sum(number or 0 for number in there.counted.values())
    with transaction.atomic():
        claim.hold()
        Restore.objects.filter(pk=restore.pk).update(
            tables=tables, rows=rows, counted=there.counted
        )


def keep_differences(*, restore: Restore, claim: Claim, differences: list[Difference]) -> None:
    """For the page and the API: why it did not get its name."""
    with transaction.atomic():
        claim.hold()
        found = [asdict(one) for one in differences[:MOST_KEPT]]
        Restore.objects.filter(pk=restore.pk).update(differences=found)


def note_made_roles(*, restore: Restore, claim: Claim, roles: list[str]) -> None:
    """Roles are the server's, not the new database's: they stay, however the restore ends."""
    if not roles:
        return
    with transaction.atomic():
        claim.hold()
        _audit(restore, "restore.roles_made", server=restore.server.name, roles=roles)


def write_failure(*, restore: Restore, failure: Failure) -> None:
    was_cancelled = failure.code == CANCELLED
    Restore.objects.filter(pk=restore.pk).update(
        status=Restore.Status.CANCELLED if was_cancelled else Restore.Status.FAILED,
        completed_at=Now(),
        naming_at=None,
        kept_name="",
        error_code=failure.code,
        error=redact(failure.message),
        error_detail=redact(failure.detail),
    )
    if restore.started_at is None:
        # There is nothing to be dropped; else see `course`.
        forget_connection(restore)
    _audit(restore, "restore.cancelled" if was_cancelled else "restore.failed", code=failure.code)
    if not was_cancelled:
        open_alert(
            key=_alert_key(restore),
            company=restore.company,
            severity=Alert.Severity.CRITICAL,
            subject=_("The restore of %(name)s failed") % {"name": restore.target_name},
            text=failure.message,
            url=reverse("restores:detail", args=[restore.pk]),
            thing=restore.server,
            occurrence=str(restore.pk),
            lasting=False,
        )


def _alert_key(restore: Restore) -> str:
    """Of what was to be made: another restore of it that succeeds makes the failure good."""
    return f"restore.failed:{restore.server_id}:{restore.target_name}"[:200]


def _register(restore: Restore) -> Database:
    """As a database of its own, reached as the server's; not twice."""
    server = restore.server
    same: Database | None = Database.objects.filter(
        company=restore.company,
        host=server.host,
        port=server.port,
        database_name=restore.target_name,
    ).first()
    if same is not None:
        return same
    made = Database(
        company=restore.company,
        name=_free_name(restore),
        engine=server.engine,
        host=server.host,
        port=server.port,
        database_name=restore.target_name,
        username=server.username,
        tls_mode=server.tls_mode,
    )
    made.password = server.password
    made.save(force_insert=True)
    return made


def _free_name(restore: Restore) -> str:
    taken = Database.objects.filter(company=restore.company, name=restore.target_name).exists()
    return f"{restore.target_name} {restore.pk.hex[:6]}" if taken else restore.target_name


def _audit(restore: Restore, action: str, **changes: Any) -> None:
    audit.record(
        actor=System("worker"),
        action=action,
        thing=restore,
        company=restore.company,
        changes=changes,
    )
