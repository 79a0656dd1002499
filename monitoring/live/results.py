"""What came out of a completed file, told by the app that owns its kind, registered at start."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """`file_path` is the storage key, never a path of the server; `file_size` in bytes."""

    file_path: str | None = None
    file_size: int | None = None
    format: str | None = None


FindResult = Callable[[uuid.UUID], Result]

_finders: dict[str, FindResult] = {}


def register_result(kind: str, find: FindResult) -> None:
    """`find` takes a file's id and runs in a thread, outside of any transaction."""
    _finders[kind] = find


def result_of(kind: str, file_id: uuid.UUID) -> Result:
    find = _finders.get(kind)
    return find(file_id) if find else Result()
