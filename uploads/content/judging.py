"""A sent backup, read to its end by the reader of restores: whether it is whole inside.

What nobody here can read is no finding; the gzip, zstd or age around it is checked all the same.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from backups import keyring
from backups.engines import Engine, RestoreOptions, engines
from backups.errors import BackupError, Corrupt
from backups.file_errors import CutShort, Damaged, ExpandsTooMuch, Hostile, Unrecognized
from backups.pipeline import BLOCK_BYTES
from backups.unwrapping import Opened, unwrapped
from backups.validation import Hashed
from uploads.ingest.staging import work_folder

_WRONG = (Corrupt, CutShort, Damaged, ExpandsTooMuch, Hostile)


@dataclass(frozen=True)
class Judged:
    """`passed` is None where nobody could look inside. `detail` is a sentence for a person."""

    passed: bool | None
    detail: str


def judge_backup(
    path: Path, *, on_read: Callable[[int], None], on_wait: Callable[[], None]
) -> Judged:
    """The levels `checksum` and `content`, of a file of any origin. Raises StorageError."""
    found = Judged(None, "")
    for engine in engines().values():
        try:
            with path.open("rb") as file, _private(path) as folder:
                source = Hashed(file, on_read)
                with unwrapped(source, identity=keyring.installation_identity) as opened:
                    detail = _read(engine(), opened, folder, on_wait)
                    source.drain()
            return Judged(True, detail)
        except Unrecognized as error:
            found = Judged(None, str(error))
        except _WRONG as error:
            return Judged(False, str(error))
        except BackupError as error:
            # No key, no client, no room: of the backup itself it says nothing.
            return Judged(None, str(error))
    return found


def _read(engine: Engine, opened: Opened, folder: Path, on_wait: Callable[[], None]) -> str:
    if not opened.reader.peek(1):
        raise Damaged(_("There is nothing in it."))
    try:
        contents = engine.read_whole(
            opened, folder=folder, options=RestoreOptions(), on_wait=on_wait
        )
    except Unrecognized:
        while opened.layers and opened.reader.read(BLOCK_BYTES):
            pass
        raise
    return _said(contents)


def _said(contents: dict[str, Any]) -> str:
    words = _("Read to its end: pg_dump %(tool)s, %(format)s, from PostgreSQL %(source)s.")
    return words % {
        "tool": contents["tool_version"],
        "format": contents["format"],
        "source": contents["server_version"],
    }


@contextmanager
def _private(path: Path) -> Iterator[Path]:
    """For what has to be unpacked. What a killed reader leaves, the next one or the end of its
    session removes."""
    folder = work_folder(path)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
