"""Verbs on received files: receive, delete; and what the tick does when their time is over."""

import fcntl
import shutil
import uuid
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import Company, User
from access.policy import Actor, System, require
from access.redaction import redact
from backups.errors import NotFound, NotReady
from restores.models import ACTIVE
from restores.received.models import ReceivedFile
from restores.received.places import folder, place_of
from restores.received.receiving import receive

KEPT = timedelta(days=1)


def receive_file(
    *,
    company: Company,
    actor: Actor,
    name: str,
    blocks: Iterable[bytes],
    announced: int | None = None,
) -> ReceivedFile:
    """`announced` is how many bytes there will be. Raises NotAllowed or as `receive`."""
    require(actor, "restores.add_receivedfile", company)
    with receive(blocks, announced=announced) as received, transaction.atomic():
        file = ReceivedFile.objects.create(
            pk=received.id,
            company=company,
            name=redact(_plain(name)),
            size=received.size,
            sha256=received.sha256,
            created_by=actor if isinstance(actor, User) else None,
            expires_at=Now() + KEPT,
        )
        changes = {"size": received.size, "sha256": received.sha256}
        audit.record(
            actor=actor,
            action="restore.file_received",
            thing=file,
            company=company,
            changes=changes,
        )
    file.refresh_from_db()
    return file


def delete_file(*, file: ReceivedFile, actor: Actor) -> None:
    """Raises NotAllowed, or NotReady while a restore wants it."""
    require(actor, "restores.delete_receivedfile", file.company)
    with transaction.atomic():
        held = ReceivedFile.objects.select_for_update().get(pk=file.pk)
        if held.origin != ReceivedFile.Origin.UPLOAD or held.state != ReceivedFile.State.HERE:
            raise NotReady(_("This file is gone already."))
        if held.restores.filter(status__in=ACTIVE).exists():
            raise NotReady(_("A restore of this file waits or runs."))
        _end(held, ReceivedFile.State.DELETED, actor)
    place_of(file.pk).unlink(missing_ok=True)


def received_file_for(*, actor: Actor, file_id: uuid.UUID | str) -> ReceivedFile:
    """Raises NotFound, alike for a missing file and one that the actor may not see."""
    found: ReceivedFile | None = None
    try:
        found = visible_files(actor).get(pk=file_id)
    except (ReceivedFile.DoesNotExist, ValidationError, ValueError):
        pass
    if found is None:
        raise NotFound(_("There is no such file."))
    return found


def visible_files(actor: Actor) -> QuerySet[ReceivedFile]:
    """Those that can still be restored, the newest first."""
    found: QuerySet[ReceivedFile] = ReceivedFile.objects.visible_to(actor).filter(
        origin=ReceivedFile.Origin.UPLOAD, state=ReceivedFile.State.HERE
    )
    return found.select_related("company", "created_by").order_by("-created_at", "-pk")


def expire_files() -> int:
    """End what nobody restored in time, and remove what no row knows. Called by the tick."""
    over = ReceivedFile.objects.filter(state=ReceivedFile.State.HERE, expires_at__lt=Now()).exclude(
        restores__status__in=ACTIVE
    )
    for file_id in list(over.values_list("pk", flat=True)[:100]):
        with transaction.atomic():
            file = (
                ReceivedFile.objects.select_for_update()
                .filter(pk=file_id, state=ReceivedFile.State.HERE)
                .first()
            )
            if file is not None and not file.restores.filter(status__in=ACTIVE).exists():
                _end(file, ReceivedFile.State.EXPIRED, System("tick"))
    return sum(_remove_if_forsaken(place) for place in folder().iterdir())


def _end(file: ReceivedFile, state: str, actor: Actor) -> None:
    ReceivedFile.objects.filter(pk=file.pk).update(state=state)
    action = f"restore.file_{state}"
    audit.record(actor=actor, action=action, thing=file, company=file.company)


def _remove_if_forsaken(place: Path) -> bool:
    try:
        if place.is_dir():
            return _remove_if_unlocked(place)
        with place.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it before has written its row by now, or never will.
            if _is_known(place):
                return False
            if place.suffix == ".lock":
                shutil.rmtree(place.with_suffix(""), ignore_errors=True)
            place.unlink(missing_ok=True)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _remove_if_unlocked(place: Path) -> bool:
    """A work folder: its lock is there before it, and goes after it. Without one it was left half
    removed."""
    if not place.name.startswith("work-") or place.with_suffix(".lock").exists():
        return False
    shutil.rmtree(place, ignore_errors=True)
    return not place.exists()


def _is_known(place: Path) -> bool:
    try:
        file_id = uuid.UUID(hex=place.name)
    except ValueError:
        return False
    return ReceivedFile.objects.filter(pk=file_id, state=ReceivedFile.State.HERE).exists()


def _plain(name: str) -> str:
    """As it is shown: one line, without what is not a letter."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:200] or _("unnamed")
