"""The question whether stored bytes can be read. A row waits for each answer.

How a backup is read is known above, where its engines are: `backups` registers that at start.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models.functions import Now

from monitoring.expected.models import ContentCheck
from storage.models import StoredObject


@dataclass(frozen=True)
class Verdict:
    """`passed` is None for what nobody here can read; `said` tells why it is not True."""

    passed: bool | None
    said: str = ""


class NotNow(Exception):
    """The bytes cannot be reached: it is tried again."""


ReadContent = Callable[[StoredObject], Verdict]
_readers: list[ReadContent] = []


def register_reader(read: ReadContent) -> None:
    """`read` reads the stored bytes to their end. It MAY raise NotNow."""
    _readers[:] = [read]


def reader() -> ReadContent:
    return _readers[0]


def ask_for_check(*, entry_id: int, stored_id: uuid.UUID) -> None:
    """In the transaction of the entry. Bytes that came anew are asked for anew."""
    if _readers:
        ContentCheck.objects.update_or_create(
            entry_id=entry_id, defaults={"stored_id": stored_id, "attempts": 0, "due_at": Now()}
        )
