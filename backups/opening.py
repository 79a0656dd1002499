"""Handing out the archive inside an artifact: decrypted and decompressed, for `pg_restore`.

Nobody gets a whole-looking part: the length is known before, and the last block is given only
when the stored bytes and the opened ones have the recorded sha256. An error breaks the stream.
"""

import hashlib
import os
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext as _
from pyrage import x25519

from access import audit
from access.policy import Actor, require
from backups import keyring
from backups.downloads import BLOCK_BYTES, checked_copy
from backups.errors import Corrupt, KeyMissing, NotReady
from backups.models import Backup
from backups.pipeline import named
from backups.validation import Hashed, decrypt
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import open_object


class _Unwanted(Exception):
    """The reader went away: nobody is there to be told."""


@dataclass(frozen=True)
class Opened:
    """An archive to hand out; `size` in bytes and `sha256` in hex are of the opened bytes."""

    stored: StoredObject
    file_name: str
    size: int
    sha256: str
    manifest: dict[str, Any] = field(repr=False)
    identity: x25519.Identity = field(repr=False)

    def blocks(self) -> Iterator[bytes]:
        """The opened bytes. Raises BackupError, before the last block at the latest."""
        digest, size, held = hashlib.sha256(), 0, b""
        for block in self._read():
            digest.update(block)
            size += len(block)
            if held:
                yield held
            held = block
        if (size, digest.hexdigest()) != (self.size, self.sha256):
            raise Corrupt(_("What the artifact opens to is not what was dumped."))
        yield held

    async def stream(self) -> AsyncIterator[bytes]:
        """The same for an ASGI answer."""
        blocks = self.blocks()
        following = sync_to_async(lambda: next(blocks, None), thread_sensitive=False)
        try:
            while (block := await following()) is not None:
                yield block
        finally:
            blocks.close()  # type: ignore[attr-defined]  # a generator

    def _read(self) -> Iterator[bytes]:
        """age pushes and the answer pulls: a thread and a pipe stand between them."""
        reading, writing = os.pipe()
        failures: list[BaseException] = []
        thread = threading.Thread(target=self._open_into, args=(writing, failures), daemon=True)
        thread.start()
        try:
            with os.fdopen(reading, "rb", buffering=BLOCK_BYTES) as pipe:
                while block := pipe.read(BLOCK_BYTES):
                    yield block
        finally:
            # With the pipe's end closed the thread finds nobody to write for.
            thread.join()
        for failure in failures:
            raise named(failure) if isinstance(failure, StorageError) else failure

    def _open_into(self, writing: int, failures: list[BaseException]) -> None:
        try:
            with (
                os.fdopen(writing, "wb", buffering=0) as pipe,
                open_object(target=self.stored.target, key=self.stored.key) as file,
            ):
                source = Hashed(file, lambda _count: None)
                decrypt(source, _Pipe(pipe.fileno()), self.manifest, self.identity)
                source.drain()
            if source.digest.hexdigest() != self.stored.sha256:
                failures.append(Corrupt(_("The stored bytes are not those that were written.")))
        except _Unwanted:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again where the bytes are read
            failures.append(error)


class _Pipe:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes, /) -> int:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BrokenPipeError as error:
            raise _Unwanted from error
        return len(data)


def prepare_opened(*, backup: Backup, actor: Actor) -> Opened:
    """Check that the actor may have it opened, that this server can, and that it is whole.

    Raises NotAllowed, KeyMissing, NotReady, Missing, Corrupt.
    """
    require(actor, "backups.open_backup", backup.company)
    if not keyring.can_read():
        raise KeyMissing(_("This server holds public keys only: it cannot open what it stored."))
    stored = checked_copy(backup=backup)
    artifact = (backup.manifest or {}).get("artifact") or {}
    if not artifact.get("plain_sha256"):
        raise NotReady(_("This backup has no manifest that says how to open it."))
    identity = keyring.installation_identity()
    known = {one["public"] for one in artifact["recipients"]}
    if str(identity.to_public()) not in known:
        raise KeyMissing(_("This backup was made for other keys than this server's."))
    opened = Opened(
        stored=stored,
        file_name=_plain_name(backup.file_name),
        size=artifact["plain_size"],
        sha256=artifact["plain_sha256"],
        manifest=backup.manifest or {},
        identity=identity,
    )
    audit.record(actor=actor, action="backup.opened", thing=backup, company=backup.company)
    return opened


def _plain_name(name: str) -> str:
    return name.removesuffix(".age").removesuffix(".zst")
