"""The chain's head in a file of the data folder: it still knows the chain when the table does not.

Who can write the database but not this file can change the audit only visibly.
"""

import os
import secrets
from pathlib import Path

from django.conf import settings

from access.chain import Head


def path() -> Path:
    place: Path = settings.PLACES.data
    return place / "audit.head"


def read() -> Head | None:
    """The head last written; None when there is none, or when it cannot be read."""
    try:
        return Head.parse(path().read_text())
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def write(head: Head) -> None:
    """Replace the file as a whole, mode 0600."""
    place = path()
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{head}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
