"""Do rows, events and bytes agree? What a fault test asks after each fault, and `doctor` always.

Read-only. A run under way is no disagreement; what a lost one has left is one until the tick
has gone round.
"""

from collections.abc import Iterator
from itertools import islice

from django.db.models import OuterRef, Subquery

from backups.manifest import SUFFIX
from backups.models import Backup, Check, Copy
from backups.naming import SHEET, artifact_key, copy_key, is_artifact_key, is_of_holdfast_itself
from monitoring.events.models import Event
from monitoring.files.models import Stage, Step, TrackedFile
from storage.backends import backend_for
from storage.backends.drafts import DRAFTS
from storage.errors import ObjectMissing, StorageError
from storage.models import StorageTarget, StoredObject

_FILE_OF = {
    Backup.Status.PENDING: TrackedFile.Status.QUEUED,
    Backup.Status.RUNNING: TrackedFile.Status.PROCESSING,
    Backup.Status.COMPLETED: TrackedFile.Status.COMPLETED,
    Backup.Status.FAILED: TrackedFile.Status.FAILED,
    Backup.Status.CANCELLED: TrackedFile.Status.FAILED,
}
_EVENTS_OF = {
    TrackedFile.Status.QUEUED: ("queued",),
    TrackedFile.Status.PROCESSING: ("processing", "stage:"),
    TrackedFile.Status.COMPLETED: ("completed",),
    TrackedFile.Status.FAILED: ("failed", "cancelled"),
}


def find_disagreements(*, most: int = 2000) -> list[str]:
    """One sentence for each; none when all is well. Looks at the newest `most` of each kind."""
    finders = (_rows, _events, _stages, _objects, _orphans)
    return [said for finder in finders for said in finder(most)]


def _rows(most: int) -> Iterator[str]:
    backups = Backup.objects.order_by("-created_at")
    for backup in backups.filter(file__isnull=False).select_related("file")[:most]:
        assert backup.file is not None
        if backup.file.status != _FILE_OF[Backup.Status(backup.status)]:
            yield f"Backup {backup.pk} is {backup.status}, its file {backup.file.status}."
    checks = Check.objects.filter(file__isnull=False).select_related("file")
    for check in checks.order_by("-created_at")[:most]:
        assert check.file is not None
        if check.file.status != _FILE_OF[Backup.Status(check.status)]:
            yield f"Check {check.pk} is {check.status}, its file {check.file.status}."
    copies = Copy.objects.filter(file__isnull=False).select_related("file")
    for copy in copies.order_by("-created_at")[:most]:
        assert copy.file is not None
        if copy.file.status != _FILE_OF[Backup.Status(copy.status)]:
            yield f"Copy {copy.pk} is {copy.status}, its file {copy.file.status}."
    completed = backups.filter(status=Backup.Status.COMPLETED, stored_objects=None)
    for backup in completed[:most]:
        yield f"Backup {backup.pk} is completed and nothing of it is stored."
    bad = backups.filter(status__in=[Backup.Status.FAILED, Backup.Status.CANCELLED])
    for backup in bad.exclude(stored_objects=None)[:most]:
        yield f"Backup {backup.pk} is {backup.status}, and something of it is stored."


def _events(most: int) -> Iterator[str]:
    newest = Event.objects.filter(subject=OuterRef("pk")).order_by("-id").values("state")[:1]
    files = TrackedFile.objects.order_by("-created_at").annotate(told=Subquery(newest))[:most]
    for file in files:
        # Events are kept for a day.
        if file.told and not file.told.startswith(_EVENTS_OF[TrackedFile.Status(file.status)]):
            yield f"File {file.pk} is {file.status}, and readers were told: {file.told}."


def _stages(most: int) -> Iterator[str]:
    running = Stage.Status.IN_PROGRESS
    stages = Stage.objects.filter(status=running).exclude(file__status="processing")
    for stage in stages[:most]:
        yield f"Stage {stage.key} of the file {stage.file_id}, which is not processing, is."
    steps = Step.objects.filter(status=running).exclude(stage__file__status="processing")
    for step in steps[:most]:
        yield f"A step of stage {step.stage_id}, whose file is not processing, is in progress."


def _objects(most: int) -> Iterator[str]:
    stored_objects = StoredObject.objects.filter(state=StoredObject.State.STORED)
    for stored in stored_objects.select_related("target").order_by("-stored_at")[:most]:
        try:
            size = backend_for(stored.target).size(stored.key)
            if size != stored.size:
                yield f"{stored.key} has {size} bytes, not {stored.size}."
            if is_artifact_key(stored.key):
                backend_for(stored.target).size(stored.key + SUFFIX)
        except ObjectMissing:
            yield f"{stored.key} or its manifest is missing."
        except StorageError as error:
            yield f"{stored.target} cannot be read: {error}"


def _orphans(most: int) -> Iterator[str]:
    """Bytes of which no row speaks, and on which nobody is at work."""
    for target in StorageTarget.objects.all():
        try:
            keys = list(islice(backend_for(target).keys(), most))
        except StorageError as error:
            yield f"{target} cannot be read: {error}"
            continue
        at_work = keys_at_work()
        objects = [key.removesuffix(SUFFIX) for key in keys]
        rows = StoredObject.objects.filter(target=target, key__in=objects)
        known = set(rows.values_list("key", flat=True)) | _sheets(target, keys)
        for key in keys:
            # A draft's name does not tell whose it is.
            is_at_work = bool(at_work) and key.startswith((*at_work, DRAFTS))
            is_ours = is_at_work or is_of_holdfast_itself(key)
            if key.removesuffix(SUFFIX) not in known and not is_ours:
                yield f"{target}: {key} belongs to nothing."


def _sheets(target: StorageTarget, keys: list[str]) -> set[str]:
    """The restore sheets that stand beside an artifact of their database."""
    rows = StoredObject.objects.filter(target=target)
    found = [key for key in keys if key.endswith(f"/{SHEET}")]
    return {key for key in found if rows.filter(key__startswith=key.removesuffix(SHEET)).exists()}


def keys_at_work() -> tuple[str, ...]:
    """What the keys begin with that running backups and copies write to."""
    at_work = TrackedFile.Status.PROCESSING
    running = Backup.objects.filter(file__status=at_work).select_related("file", "database")
    copies = Copy.objects.filter(file__status=at_work).select_related("file", "backup__database")
    return (
        *(artifact_key(one, one.file.attempt) for one in running if one.file is not None),
        *(copy_key(one, one.file.attempt) for one in copies if one.file is not None),
    )
