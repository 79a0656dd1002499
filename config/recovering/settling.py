"""From the records of a machine that is gone to those of this one. Safe to repeat.

What was under way is lost and says so; nothing that it may have stored is removed: a rescan
takes it up. Sessions end, tokens stay, and the audit goes on.
"""

from pathlib import Path

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django_q.models import OrmQ

from access import audit, headfile
from access.policy import System
from access.sealing import fits, seal_audit
from backups.models import Backup, Check, Copy
from config.recovering.errors import NoSet
from config.recovering.source import FoundSet
from controlplane.models import ControlSet
from faults import reach
from monitoring.events.models import Event
from monitoring.files.courses import Failure
from monitoring.files.endings import end_badly
from monitoring.files.models import TrackedFile
from monitoring.files.stages import Kind
from monitoring.heartbeats.models import Heartbeat
from storage.models import StorageTarget

ACTOR = System("recovery")
LOST = Failure("worker_lost", "It was under way when the machine was lost.")
ACTIVE = ("pending", "running")
BATCH = 200


def migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)


def settle(found: FoundSet, moved: dict[str, Path]) -> list[StorageTarget]:
    """Make the records those of this machine; the storages that are not found here.

    `moved` has new folders of storages, by name or id. Raises NoSet for one that is unknown.
    """
    migrate()
    reach("recover.migrated")
    with transaction.atomic():
        # Tasks name runs that are lost; events count by transactions of another server; the
        # lock-out may be by a clock that was ahead.
        OrmQ.objects.all().delete()
        Event.objects.all().delete()
        Heartbeat.objects.all().delete()
        AccessAttempt.objects.all().delete()
        Session.objects.all().delete()
        end_what_ran()
        _move_targets({found.manifest["target"]: found.root}, strict=False)
        _move_targets(moved)
        _end_sets(found)
        _record(found)
    reach("recover.settled")
    seal_audit()
    return [
        target
        for target in StorageTarget.objects.filter(kind=StorageTarget.Kind.LOCAL)
        if not Path(target.options.get("folder") or "/nonexistent").is_dir()
    ]


def audit_is_whole() -> bool:
    """Whether the head that was kept with the keys is still a place in the chain."""
    known = headfile.read()
    return known is None or fits(known)


def end_what_ran() -> None:
    open_states = (TrackedFile.Status.QUEUED, TrackedFile.Status.PROCESSING)
    while True:
        rows = TrackedFile.objects.filter(status__in=open_states).select_related("company")
        batch = list(rows.select_for_update(of=("self",))[:BATCH])
        if not batch:
            break
        for file in batch:
            end_badly(file=file, failure=LOST)
        # A backup owes nothing, nor a copy of one: it may have come to its end there, and its
        # bytes be the only ones.
        ended = TrackedFile.objects.filter(pk__in=[file.pk for file in batch])
        ended.filter(kind__in=(Kind.BACKUP, Kind.COPY)).update(leftovers_of=None)
    values = {"completed_at": Now(), "error_code": LOST.code, "error": LOST.message}
    Backup.every.filter(status__in=ACTIVE).update(status=Backup.Status.FAILED, **values)
    Check.objects.filter(status__in=ACTIVE).update(status=Backup.Status.FAILED, **values)
    Copy.objects.filter(status__in=ACTIVE).update(status=Backup.Status.FAILED, **values)
    # What ending them has woken.
    OrmQ.objects.all().delete()


def _move_targets(moved: dict[str, Path], *, strict: bool = True) -> None:
    """A bucket has not moved: a set that was fetched from one lies in a folder for now."""
    for ref, folder in moved.items():
        target = StorageTarget.every.filter(name=ref).first() or _by_id(ref)
        if target is None:
            raise NoSet(_("There is no storage named %s in this set.") % ref)
        if target.kind != StorageTarget.Kind.LOCAL:
            if not strict:
                continue
            raise NoSet(_("The storage %s is a bucket: it is still where it was.") % target.name)
        options = {**target.options, "folder": str(folder)}
        if options != target.options:
            audit.record(
                actor=ACTOR,
                action="storage.moved",
                thing=target,
                company=target.company,
                changes={"before": target.options.get("folder"), "after": str(folder)},
            )
            StorageTarget.every.filter(pk=target.pk).update(options=options)


def _by_id(ref: str) -> StorageTarget | None:
    import uuid

    try:
        found: StorageTarget | None = StorageTarget.every.filter(pk=uuid.UUID(ref)).first()
    except ValueError:
        return None
    return found


def _end_sets(found: FoundSet) -> None:
    """The row of this very set was running when it was dumped: here it is, whole."""
    ControlSet.objects.filter(pk=found.id).update(
        status=ControlSet.Status.COMPLETED,
        completed_at=Now(),
        key=found.manifest_key,
        size_bytes=found.size,
        manifest_sha256=found.manifest_sha256,
        error_code="",
        error="",
        forgotten_at=None,
    )
    ControlSet.objects.filter(status__in=ACTIVE).update(
        status=ControlSet.Status.FAILED,
        completed_at=Now(),
        error_code=LOST.code,
        error=LOST.message,
        forgotten_at=Now(),
    )


def _record(found: FoundSet) -> None:
    row = ControlSet.objects.get(pk=found.id)
    audit.record(
        actor=ACTOR,
        action="holdfast.recovered",
        thing=row,
        changes={"set": str(found.id), "made_at": found.manifest["created_at"]},
    )
