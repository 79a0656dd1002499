"""Copies of the recovery key as files on this machine: written for a removable disk, and tried."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyrage
from django.db import transaction
from django.utils.translation import gettext as _
from pyrage import IdentityError, x25519

from access.policy import Actor
from backups import keyring
from backups.recovery.challenges import new_challenge
from backups.recovery.errors import NoCopy, NotWritten
from backups.recovery.services import export_key, rehearse_key, require_manager, sync_folder
from backups.recovery.state import current_public, disk_of_target
from storage.models import StorageTarget

# A key file is three lines; nothing else is read into memory.
LARGEST_KEY_FILE = 1 << 16


def write_copy(*, actor: Actor, path: Path) -> None:
    """Write the key file, for its owner alone, where nothing lies yet.

    Raises NotAllowed, NotWritten, KeyGone; what was begun is removed then.
    """
    # What could not be written was not handed out.
    with transaction.atomic(), _new_file(path) as file:
        file.write(export_key(actor=actor))


def rehearse_copy(*, actor: Actor, path: Path) -> None:
    """Try a copy on a disk that goes elsewhere, by a fresh challenge. Raises as `rehearse_key`
    does, or NoCopy."""
    require_manager(actor)
    identity = identity_in(path)
    if path.stat().st_dev in _own_disks():
        # Also the server's own copy: what dies with this machine shows nothing.
        raise NoCopy(_("This file lies on a disk of this server's keys or artifacts."))
    challenge = new_challenge(public=current_public())
    try:
        phrase = pyrage.decrypt(challenge.armored.encode(), [identity])
    except pyrage.DecryptError:
        raise NoCopy(_("This file holds another key.")) from None
    rehearse_key(actor=actor, challenge=challenge, answer=phrase.decode())


def identity_in(path: Path) -> x25519.Identity:
    """The key in a file as `age-keygen` writes it. Raises NoCopy."""
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_KEY_FILE).decode(errors="replace")
    except OSError as error:
        raise NoCopy(_("It cannot be read: %(said)s") % {"said": error.strerror}) from error
    secret = next((line for line in text.split() if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        return x25519.Identity.from_str(secret)
    except IdentityError:
        raise NoCopy(_("There is no key in this file.")) from None


def _own_disks() -> set[int | None]:
    local = StorageTarget.objects.filter(kind=StorageTarget.Kind.LOCAL)
    keys = keyring.identity_path("recovery").parent
    return {keys.stat().st_dev, *map(disk_of_target, local)}


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    """On its disk when the block ends: a removable one is pulled out next."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise NotWritten(_("It cannot be written: %(said)s") % {"said": error.strerror}) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NotWritten(_("It cannot be written: %(said)s") % {"said": error.strerror}) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
