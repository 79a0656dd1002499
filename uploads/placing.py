"""Where an upload comes to lie: under a name of ours, or on the final path of its job."""

from django.db import transaction
from django.utils.translation import gettext as _

from faults import reach
from monitoring.expected.final_paths import DEFAULT_TEMPLATE, final_key
from monitoring.expected.states import Status
from monitoring.files.claims import Claim
from storage.errors import ObjectExists, StorageError
from storage.keys import LONGEST_PART, check_key
from storage.models import StorageTarget, StoredObject
from storage.services import Written, register_object
from uploads.content.videos import ENDINGS
from uploads.expecting import job_of
from uploads.models import UploadSession
from uploads.settling import Looked


def target_of(session: UploadSession) -> StorageTarget:
    """Raises StorageError where there is none: it is tried again when there is."""
    found = (
        session.target
        or StorageTarget.objects.filter(company=session.company_id, is_default=True).first()
    )
    if found is None:
        raise StorageError("The company has no default storage.")
    return found


def key_for(session: UploadSession, claim: Claim, looked: Looked) -> str:
    """A backup that answers a job goes to its final path, which is written down before anything
    lies there: whoever goes on after a crash finds the same. Raises BadKey, ClaimLost."""
    job = job_of(session)
    if job is None:
        return key_of(session, claim.attempt, looked)
    if not session.final_key:
        status = Status.FAILED if session.content_passed is False else Status.SUCCESS
        key = final_key(job, at=session.created_at, name=session.file_name, status=status)
        _choose(session, claim, key)
        reach("upload.final-path-chosen")
    return session.final_key


def key_beside(session: UploadSession, claim: Claim) -> str:
    """Another name for what came in the same second as what lies there, and is another backup.

    Raises ObjectExists where the template knows no time: there its author has to say how the
    next one is called.
    """
    key, job, own = session.final_key, job_of(session), f"-{session.result_id.hex[:8]}"
    template = (job.final_storage_path_template or DEFAULT_TEMPLATE) if job else ""
    if not key or "{timestamp}" not in template or own in key:
        raise ObjectExists(taken(key))
    folder, slash, name = key.rpartition("/")
    stem, dot, ending = name.partition(".")
    longest = LONGEST_PART - len(own) - len(dot + ending)
    _choose(session, claim, check_key(f"{folder}{slash}{stem[:longest]}{own}{dot}{ending}"))
    return session.final_key


def _choose(session: UploadSession, claim: Claim, key: str) -> None:
    with transaction.atomic():
        claim.hold()
        UploadSession.objects.filter(pk=session.pk).update(final_key=key)
    session.final_key = key


def register(target: StorageTarget, key: str, written: Written) -> StoredObject:
    """The row of what lies under the key. On a final path the same bytes may have come before.

    Raises ObjectExists where the row there tells of other bytes.
    """
    rows = StoredObject.objects.select_for_update()
    found: StoredObject | None = rows.filter(target=target, key=key).first()
    if found is None:
        return register_object(target=target, key=key, written=written)
    there = Written(found.size, found.sha256)
    if found.state != StoredObject.State.DELETED and there != written:
        raise ObjectExists(taken(key))
    found.size, found.sha256 = written.size, written.sha256
    found.state = StoredObject.State.STORED
    found.save(update_fields=["size", "sha256", "state"])
    return found


def taken(key: str) -> str:
    words = _("Something else lies at %(key)s already: put {timestamp} into its template.")
    return words % {"key": key}


def key_of(session: UploadSession, attempt: int, looked: Looked) -> str:
    """A name of ours: nothing of it was said by the sender."""
    ending = ENDINGS[looked.video.content_type] if looked.video else ""
    return _stem(session, attempt) + ending


def keys_of(session: UploadSession, attempt: int) -> list[str]:
    """All names of ours under which this attempt can have stored it. What lies on a final path is
    none: another may have put it there, and the next attempt finds it."""
    endings = ENDINGS.values() if session.kind == UploadSession.Kind.RECORDING else [""]
    return [_stem(session, attempt) + ending for ending in endings]


def _stem(session: UploadSession, attempt: int) -> str:
    folder = "recordings" if session.kind == UploadSession.Kind.RECORDING else "uploads"
    return f"{folder}/{session.created_at:%Y-%m}/{session.result_id.hex}-{attempt}"
