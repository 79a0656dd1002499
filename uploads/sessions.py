"""Verbs on upload sessions: open, finalize, end, expire. What workers do with them: `storing`."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import Company, User
from access.policy import Actor, require
from access.redaction import redact
from faults import reach
from monitoring.files import claims
from monitoring.files.arrivals import wait_for_worker
from monitoring.files.courses import Failure
from monitoring.files.endings import finish_file
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from uploads.content import check_kind
from uploads.ending import drop_bytes, fail_session
from uploads.errors import Busy, DigestDiffers, Incomplete, Over, WrongContent
from uploads.expecting import require_job
from uploads.holding import hold_session, kept_for, move, require_receiving
from uploads.ingest.staging import staging_folder, staging_path, take
from uploads.limits import require_quota, require_room
from uploads.models import Part, UploadSession
from uploads.node import this_node
from uploads.queueing import enqueue
from uploads.settling import Keeper, keeper_of
from uploads.states import Status

LONGEST_NAME = 255


@dataclass(frozen=True)
class Announced:
    """What a sender says of a file that it is about to send; `file_size` in bytes."""

    file_size: int
    kind: str = UploadSession.Kind.RECORDING
    client_id: str = ""
    file_name: str = ""
    sha256: str = ""
    connection_info: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    job_id: str = ""
    finalize_at_end: bool = False


def open_session(
    *, company: Company, actor: Actor, announced: Announced
) -> tuple[UploadSession, bool]:
    """The session of this file, and whether it is a new one: who lost the answer asks again.

    Raises NotAllowed, NoJob, TooLarge, TooMany, NoRoom.
    """
    require(actor, "uploads.add_uploadsession", company)
    known = _open_already(actor, announced)
    if known is not None:
        return known, False
    try:
        return _open(company, actor, announced), True
    except IntegrityError:
        # Another request of the same was quicker.
        known = _open_already(actor, announced)
        if known is None:
            raise
        return known, False


def _open_already(actor: Actor, announced: Announced) -> UploadSession | None:
    if not isinstance(actor, User) or not announced.client_id:
        return None
    ended = [Status.FAILED, Status.EXPIRED]
    found: UploadSession | None = (
        UploadSession.objects.filter(
            created_by=actor,
            client_id=announced.client_id,
            file_name=plain_name(announced.file_name),
            file_size=announced.file_size,
            announced_sha256=announced.sha256,
        )
        .exclude(status__in=ended)
        .first()
    )
    return found


@transaction.atomic
def _open(company: Company, actor: Actor, announced: Announced) -> UploadSession:
    user = actor if isinstance(actor, User) else None
    if user is not None:
        # One at a time for a sender: two of them must not both find the last place free.
        User.objects.select_for_update().get(pk=user.pk)
    if announced.job_id:
        require_job(actor=actor, company=company, job_id=announced.job_id)
    require_quota(actor=actor, file_size=announced.file_size)
    require_room(staging_folder(), announced.file_size)
    name = plain_name(announced.file_name)
    file = open_file(
        kind="upload",
        company=company,
        name=name or announced.client_id[:LONGEST_NAME] or _("Upload"),
        original_path=name,
        origin="upload",
        created_by=user,
    )
    TrackedFile.objects.filter(pk=file.pk).update(most_attempts=MOST_ATTEMPTS)
    session: UploadSession = UploadSession.objects.create(
        company=company,
        created_by=user,
        kind=announced.kind,
        client_id=announced.client_id,
        file_name=name,
        file_size=announced.file_size,
        announced_sha256=announced.sha256,
        connection_info=announced.connection_info,
        metadata=announced.metadata,
        job_id=announced.job_id,
        finalize_at_end=announced.finalize_at_end,
        node=this_node(),
        file=file,
        expires_at=Now() + kept_for(),
    )
    Part.objects.create(session=session, kind=Part.Kind.FILE, size=announced.file_size)
    Part.objects.create(session=session, kind=Part.Kind.METADATA)
    audit.record(
        actor=actor,
        action="upload.opened",
        thing=session,
        company=company,
        changes={"kind": announced.kind, "file_size": announced.file_size},
    )
    session.refresh_from_db()
    return session


# Each waits twice as long as the one before (`storing.BACKOFF`).
MOST_ATTEMPTS = 8


def finalize_session(*, session: UploadSession, actor: Actor, sha256: str = "") -> UploadSession:
    """All of it was sent: check it, and have it stored. Safe to repeat.

    Raises Over, Gone, Incomplete; DigestDiffers or WrongContent, and then the bytes are dropped.
    """
    require(actor, "uploads.add_uploadsession", session.company)
    ensure_digest(session)
    try:
        if keeper_of(session.kind) is None:
            return _finalize(session, actor, sha256)
        with staging_held(session.parts.get(kind=Part.Kind.FILE).pk):
            held = _finalize(session, actor, sha256)
        if held.status == Status.COMPLETED:
            drop_bytes(held)
        return held
    except WrongContent as error:
        fail_session(session=session, failure=Failure(error.code, str(error)))
        raise


def ensure_digest(session: UploadSession) -> None:
    """Who was killed between the last byte and the digest left a whole file without one."""
    part = session.parts.get(kind=Part.Kind.FILE)
    if not part.is_whole or part.sha256 or not session.is_receiving:
        return
    with staging_path(part.pk).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with transaction.atomic():
        held = hold_session(session)
        unknown = Part.objects.filter(pk=part.pk, received=part.received, sha256="")
        if held.is_receiving and unknown.update(sha256=digest) and held.status != Status.UPLOADED:
            move(held, Status.UPLOADED)


@transaction.atomic
def _finalize(session: UploadSession, actor: Actor, sha256: str) -> UploadSession:
    held = hold_session(session)
    if held.status in (Status.FINALIZING, Status.COMPLETED):
        if sha256 and sha256 != held.sha256:
            raise Over(_("It is stored already, with another sha256."), sha256=held.sha256)
        return held
    require_receiving(held)
    part = held.parts.select_for_update().get(kind=Part.Kind.FILE)
    if not part.is_whole:
        words = _("%(received)d of %(size)d bytes are here.")
        raise Incomplete(
            words % {"received": part.received, "size": held.file_size},
            bytes_received=part.received,
            file_size=held.file_size,
        )
    for wanted in filter(None, (sha256, held.announced_sha256)):
        if wanted != part.sha256:
            raise DigestDiffers(
                _("What came has another sha256 than what was sent; send it again."),
                sha256=part.sha256,
            )
    check_kind(kind=held.kind, path=staging_path(part.pk))
    # Who still writes finds the session closed, before its next byte is written.
    move(held, Status.FINALIZING, sha256=part.sha256)
    assert held.file is not None
    wait_for_worker(file=held.file)
    audit.record(actor=actor, action="upload.finalized", thing=held, company=held.company)
    keep = keeper_of(held.kind)
    if keep is None:
        enqueue(held)
    else:
        _keep_here(held, keep, staging_path(part.pk))
    reach("upload.finalize-before-commit")
    return held


def _keep_here(held: UploadSession, keep: Keeper, path: Path) -> None:
    """No worker is needed: the bytes stay on this machine."""
    claim = claims.claim(file_id=held.file_id) if held.file_id else None
    if claim is None:
        raise Over(_("This upload is over, or being stored."))
    keep(held, path)
    move(held, Status.COMPLETED, ended_at=Now())
    finish_file(claim=claim)


@contextmanager
def staging_held(part_id: uuid.UUID) -> Iterator[None]:
    """Raises Busy while somebody writes it."""
    descriptor = take(part_id)
    if descriptor is None:
        raise Busy(_("Another request writes this file; try again in a moment."))
    try:
        yield
    finally:
        os.close(descriptor)


def retry_session(*, session: UploadSession, actor: Actor) -> None:
    """Store again what could not be stored, while its bytes are here. Raises Over."""
    require(actor, "uploads.cancel_uploadsession", session.company)
    with transaction.atomic():
        held = hold_session(session)
        if not held.can_retry or held.file is None:
            raise Over(_("Nothing of this upload is here any more."))
        move(held, Status.FINALIZING, error="", error_code="", retry_at=None, ended_at=None)
        TrackedFile.objects.filter(pk=held.file.pk).update(
            most_attempts=F("attempt") + MOST_ATTEMPTS
        )
        wait_for_worker(file=held.file)
        enqueue(held)
        audit.record(actor=actor, action="upload.retried", thing=held, company=held.company)


def plain_name(name: str) -> str:
    """As it is shown: the last part of a path of either system, in one line."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return redact("".join(letter for letter in last if letter.isprintable()))[:LONGEST_NAME]
