"""A file from elsewhere, read to its end before any server is touched.

Our own reader checks that the blocks are whole and that nothing stands behind them; PostgreSQL's
unpacks them, and what comes out is counted and thrown away.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from backups.engines import RestoreOptions
from backups.engines.postgres.clients import choose_for_reading
from backups.engines.postgres.connection import last_line
from backups.engines.postgres.outside.blocks import BlockReader
from backups.engines.postgres.outside.choosing import chosen_of
from backups.engines.postgres.outside.inventory import Inventory, take_inventory
from backups.engines.postgres.outside.recognition import (
    archive_contents,
    format_of,
    script_contents,
)
from backups.engines.postgres.outside.script import Script
from backups.engines.postgres.outside.tarball import TOC, unpack
from backups.engines.postgres.process import Tool, end_group, running, widen
from backups.engines.postgres.toc import CUSTOM, TAR
from backups.file_errors import CutShort, Damaged, ExpandsTooMuch
from backups.pipeline import BLOCK_BYTES, Readable
from backups.unwrapping import MOST_RATIO, PEEK_BYTES, Opened, most_of

POLL_SECONDS = 0.25


def read_whole(
    opened: Opened, *, folder: Path, options: RestoreOptions, on_wait: Callable[[], None]
) -> dict[str, Any]:
    """What is in the file, and what restoring it needs besides; `folder` is a private, empty one.

    `on_wait` is called while something is still being unpacked behind the last byte.
    Raises BackupError, naming what is wrong.
    """
    format_name = format_of(opened)
    if format_name == "custom":
        return _custom(opened, options, on_wait)
    if format_name == "plain":
        return _script(opened)
    return _tarred(opened, folder, options, on_wait)


def _script(opened: Opened) -> dict[str, Any]:
    head, script = opened.reader.peek(PEEK_BYTES), Script()
    while block := opened.reader.read(BLOCK_BYTES):
        script.feed(block)
    script.finish()
    return script_contents(opened, head, script, is_whole=True)


def _tarred(
    opened: Opened, folder: Path, options: RestoreOptions, on_wait: Callable[[], None]
) -> dict[str, Any]:
    """A directory archive, once it is unpacked; pg_dump's tar format holds the same files."""
    format_name = unpack(opened.reader, folder)
    with (folder / TOC).open("rb") as file:
        inventory = take_inventory(file, to_choose=_narrows(options))
        if inventory.head.kind != TAR or inventory.rest or file.read(1):
            raise Damaged(_("Its table of contents is not a directory archive's."))
    for name, kind in inventory.files.items():
        if kind == "BLOBS":
            _name_blobs(folder, name)
        if not any((folder / (name + end)).exists() for end in ("", ".gz", ".lz4", ".zst")):
            raise CutShort(_("The tar lacks %(name)s.") % {"name": name})
    contents = _with_wanted(archive_contents(opened, format_name, inventory), inventory, options)
    with _unpacking(contents, ["--format=directory", "--file=-", str(folder)], opened) as check:
        check.finish(on_wait)
    return {**contents, "folder": str(folder)}


def _custom(opened: Opened, options: RestoreOptions, on_wait: Callable[[], None]) -> dict[str, Any]:
    # Which client can read it stands in its head.
    head = _Recorded(opened.reader)
    inventory = take_inventory(head, to_choose=_narrows(options))
    if inventory.head.kind != CUSTOM:
        raise Damaged(_("It is a part of another archive."))
    contents = _with_wanted(archive_contents(opened, "custom", inventory), inventory, options)
    with _unpacking(contents, ["--file=-"], opened) as check:
        for block in head.blocks:
            check.write(block)
        data = _Passing(inventory.rest, opened.reader, check)
        BlockReader(data, inventory.head.int_size).read()
        check.finish(on_wait)
    return contents


def _name_blobs(folder: Path, name: str) -> None:
    """The tar format calls a list of large objects otherwise than its table of contents does,
    where the directory format's reader looks for it (pg_backup_tar.c, _StartLOs)."""
    number = name.removesuffix(".dat")
    for listing in (f"blobs_{number}.toc", "blobs.toc"):
        if not (folder / name).exists() and (folder / listing).exists():
            (folder / name).hardlink_to(folder / listing)


def _narrows(options: RestoreOptions) -> bool:
    return bool(options.schemas or options.tables)


def _with_wanted(
    contents: dict[str, Any], inventory: Inventory, options: RestoreOptions
) -> dict[str, Any]:
    if inventory.entries is not None:
        contents |= chosen_of(inventory, options)
    elif not inventory.is_all_wanted:
        contents["wanted"] = inventory.wanted
    return contents


class _Recorded:
    """Keeps what was read of a beginning."""

    def __init__(self, inner: Readable) -> None:
        self._inner = inner
        self.blocks: list[bytes] = []

    def read(self, size: int, /) -> bytes:
        block = self._inner.read(size)
        self.blocks.append(block)
        return block


class _Passing:
    """Gives on to the check what is read; of `first` it has been given already."""

    def __init__(self, first: bytes, inner: Readable, check: "Unpacking") -> None:
        self._inner = inner
        self._check = check
        self._block = memoryview(first)

    def read(self, size: int, /) -> bytes:
        if not self._block:
            block = self._inner.read(BLOCK_BYTES)
            self._check.write(block)
            self._block = memoryview(block)
        piece, self._block = bytes(self._block[:size]), self._block[size:]
        return piece


class Unpacking:
    """pg_restore writes the archive out as text; we count it, so that no bomb goes further."""

    def __init__(self, tool: Tool, opened: Opened) -> None:
        self._tool = tool
        self._opened = opened
        self._too_much = False
        self._size = 0
        self._drain = threading.Thread(target=self._count, name="stdout", daemon=True)
        self._drain.start()

    def write(self, data: bytes, /) -> None:
        assert self._tool.process.stdin is not None
        try:
            self._tool.process.stdin.write(data)
        except BrokenPipeError:
            # It has all that it wants, or it failed: `finish` tells which.
            pass

    def finish(self, on_wait: Callable[[], None]) -> None:
        assert self._tool.process.stdin is not None
        try:
            self._tool.process.stdin.close()
        except BrokenPipeError:
            pass
        before = 0
        while True:
            try:
                self._tool.process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                # What comes out is the sign of life.
                if self._size > before:
                    before = self._size
                    on_wait()
        code = self._tool.wait()
        self._drain.join()
        if self._too_much:
            raise ExpandsTooMuch(
                _("It unpacks to more than %(count)d times its size.") % {"count": MOST_RATIO}
            )
        if code != 0:
            raise Damaged(
                _("The archive cannot be read to its end: %(said)s")
                % {"said": last_line(self._tool.said)},
                detail=self._tool.said,
            )

    def _count(self) -> None:
        assert self._tool.process.stdout is not None
        while block := _read(self._tool.process.stdout):
            self._size += len(block)
            if self._size > most_of(self._opened.source_size()):
                self._too_much = True
                end_group(self._tool.process)
                return


def _read(pipe: IO[bytes]) -> bytes:
    try:
        return os.read(pipe.fileno(), BLOCK_BYTES)
    except (OSError, ValueError):
        return b""  # it was closed: nobody waits for the count any more


@contextmanager
def _unpacking(
    contents: dict[str, Any], arguments: list[str], opened: Opened
) -> Iterator[Unpacking]:
    clients = choose_for_reading(
        int(contents["tool_major"]), needs_zstd=bool(contents["zstd_inside"])
    )
    with running(
        [clients.program("pg_restore"), *arguments],
        environment={"PATH": os.defpath, "LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as tool:
        assert tool.process.stdin is not None
        widen(tool.process.stdin)
        yield Unpacking(tool, opened)
