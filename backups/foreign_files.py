"""Judging a backup that was not made here: is it whole inside, as far as anybody here can read?

An archive or a script of pg_dump is read to its end; a tar too, where there is a folder to unpack
it to. What is none of these, or encrypted to other keys, is no finding; the gzip, zstd or age
around it is read to its end all the same.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from backups import keyring
from backups.engines import Engine, RestoreOptions, engines
from backups.errors import BackupError, Corrupt
from backups.file_errors import CutShort, Damaged, ExpandsTooMuch, Hostile, Unrecognized
from backups.pipeline import BLOCK_BYTES
from backups.unwrapping import Opened, unwrapped
from backups.validation import Hashed

# What is wrong with the bytes themselves; the rest is what we cannot do.
_BAD = (Corrupt, CutShort, Damaged, ExpandsTooMuch, Hostile)
_READ_WHOLE = ("custom", "plain")
_NOWHERE = Path("/nonexistent")
Open = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class Judged:
    """`passed` is None for no finding; `detail` is a sentence. `sha256` of one that passed."""

    passed: bool | None
    detail: str
    sha256: str = ""


@dataclass(frozen=True)
class Reading:
    """How a file is read: `folder` is a private one, or None where a tar is not unpacked."""

    open: Open
    folder: Path | None = None
    on_read: Callable[[int], None] = lambda _count: None
    on_wait: Callable[[], None] = lambda: None


def judge(reading: Reading) -> Judged:
    """By the first engine that knows it. Raises StorageError, and OSError where it is opened."""
    found = Judged(None, "")
    for make in engines().values():
        try:
            return _judge(make(), reading)
        except Unrecognized as error:
            found = Judged(None, str(error))
        except _BAD as error:
            return Judged(False, str(error))
        except BackupError as error:
            return Judged(None, str(error))
    return found


def _judge(engine: Engine, reading: Reading) -> Judged:
    if reading.folder is None:
        with reading.open() as file:
            source = Hashed(file, reading.on_read)
            with unwrapped(source, identity=keyring.installation_identity) as opened:
                contents = _or_drained(opened, lambda: engine.recognize(opened))
                if contents["format"] not in _READ_WHOLE:
                    _drain(opened)
                    return _passed(contents, source)
    with reading.open() as file:
        source = Hashed(file, reading.on_read)
        with unwrapped(source, identity=keyring.installation_identity) as opened:
            folder, wait = reading.folder or _NOWHERE, reading.on_wait
            contents = _or_drained(
                opened,
                lambda: engine.read_whole(
                    opened, folder=folder, options=RestoreOptions(), on_wait=wait
                ),
            )
            return _passed(contents, source)


def _or_drained(opened: Opened, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is not known inside may be cut outside. Raises BackupError."""
    if not opened.reader.peek(1):
        raise Damaged(_("There is nothing in it."))
    try:
        return read()
    except Unrecognized:
        if opened.layers:
            _drain(opened)
        raise


def _drain(opened: Opened) -> None:
    while opened.reader.read(BLOCK_BYTES):
        pass


def _passed(contents: dict[str, Any], source: Hashed) -> Judged:
    source.drain()
    words = _("Read to its end: pg_dump %(tool)s, %(format)s, from PostgreSQL %(source)s.") % {
        "tool": contents["tool_version"],
        "format": contents["format"],
        "source": contents["server_version"],
    }
    return Judged(True, words, source.digest.hexdigest())
