"""Verbs on recordings: look, hand out, delete. Who looked is written down."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import AuditEntry, User
from access.policy import Actor, NotAllowed
from backups.downloads import Download
from backups.errors import Missing
from faults import reach
from storage.errors import ObjectMissing, StorageError
from storage.models import StoredObject
from storage.services import delete_bytes, mark_checked, open_object
from uploads.models import Allowance, Recording

log = structlog.get_logger(__name__)

# A player asks for one video in many pieces: they are one view.
ONE_VIEW = timedelta(minutes=10)
MOST_IN_A_ROUND = 50


def note_view(*, recording: Recording, actor: Actor, action: str = "recording.viewed") -> None:
    """Once for each view: who, and when."""
    before = AuditEntry.objects.filter(
        action=action, object_id=str(recording.pk), actor=actor.pk, at__gt=Now() - ONE_VIEW
    )
    if not before.exists():
        audit.record(actor=actor, action=action, thing=recording, company=recording.company)


def hand_out(*, recording: Recording, actor: Actor, as_file: bool = False) -> Download:
    """Its bytes, to be read in pieces. Raises Missing, StorageError."""
    stored = recording.stored
    try:
        with open_object(target=stored.target, key=stored.key):
            pass
    except ObjectMissing as error:
        mark_checked(stored=stored, state=StoredObject.State.MISSING)
        raise Missing(_("The file is not at the storage any more.")) from error
    action = "recording.downloaded" if as_file else "recording.viewed"
    note_view(recording=recording, actor=actor, action=action)
    return Download(stored, recording.file_name, recording.size, recording.sha256)


def may_delete(actor: Actor, recording: Recording) -> bool:
    """By role; an agent its own, where it has the scope `recordings:delete`."""
    if actor.may("uploads.delete_recording", recording.company):
        return True
    if not isinstance(actor, User) or recording.created_by_id != actor.pk:
        return False
    allowed = Allowance.objects.filter(user=actor, deletes_recordings=True)
    # A token that is limited to a role has no scope besides it.
    return allowed.exists() and actor.may("uploads.add_uploadsession", recording.company)


def delete_recording(*, recording: Recording, actor: Actor) -> None:
    """It is gone at once; its bytes now, or when the storage answers again. Raises NotAllowed."""
    if not may_delete(actor, recording):
        raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
    with transaction.atomic():
        marked = Recording.objects.filter(pk=recording.pk, deleted_at=None)
        if not marked.update(deleted_at=Now(), thumbnail=None):
            return
        audit.record(
            actor=actor,
            action="recording.deleted",
            thing=recording,
            company=recording.company,
            changes={"size": recording.size, "sha256": recording.sha256},
        )
    reach("upload.recording-marked")
    try:
        _remove_bytes(recording)
    except StorageError as error:
        log.warning("recording_stays", recording=str(recording.pk), error=str(error))


def finish_recordings() -> int:
    """Remove the bytes of recordings that were deleted while the storage was away. By the tick."""
    left = Recording.objects.exclude(deleted_at=None).exclude(
        Q(stored__state=StoredObject.State.DELETED)
        # Else one that the place locks would stand before the others.
        | Q(stored__retain_until__gt=Now())
    )
    rows = left.select_related("stored__target").defer("thumbnail").order_by("deleted_at")
    count, away = 0, set[object]()
    while count < MOST_IN_A_ROUND:
        # A storage that is away must not stand before the others.
        recording = rows.exclude(stored__target__in=away).first()
        if recording is None:
            break
        try:
            _remove_bytes(recording)
            count += 1
        except StorageError as error:
            away.add(recording.stored.target_id)
            log.warning("recording_stays", recording=str(recording.pk), error=str(error))
    return count


def _remove_bytes(recording: Recording) -> None:
    """The row says so when they are gone, not before."""
    delete_bytes(target=recording.stored.target, key=recording.stored.key)
    reach("upload.recording-removed")
    mark_checked(stored=recording.stored, state=StoredObject.State.DELETED)
