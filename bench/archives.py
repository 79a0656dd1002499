"""Whether two artifacts hold the same dump: hashes of their plain archives and of their text.

Two dumps of the same data are never the same file: the archive's header says when it was made,
and a dump written to a file (not to a pipe) has offsets filled in afterwards. So the reference
is dumped to a pipe, and the header's time is left out of both hashes.
"""

import hashlib
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bench.baselines import dump_command
from bench.clusters import Cluster

CHUNK = 1 << 20
MAGIC = b"PGDMP"
# After the magic: version (3), sizes of int and offset, format, compression; then seven
# numbers for the time, each a sign and four bytes (WriteHead in pg_backup_archiver.c).
TIME = slice(12, 12 + 7 * 5)


@dataclass(frozen=True)
class Hashes:
    plain: str
    """Of the whole archive."""
    timeless: str
    """Of the archive with the header's time zeroed."""


def hash_archive(chunks: Iterable[bytes]) -> Hashes:
    plain, timeless = hashlib.sha256(), hashlib.sha256()
    first = True
    for chunk in chunks:
        plain.update(chunk)
        if first:
            if not chunk.startswith(MAGIC) or len(chunk) < TIME.stop:
                raise SystemExit("This is no archive of pg_dump's custom format.")
            chunk = chunk[: TIME.start] + bytes(TIME.stop - TIME.start) + chunk[TIME.stop :]
            first = False
        timeless.update(chunk)
    return Hashes(plain.hexdigest(), timeless.hexdigest())


def reference_hashes(cluster: Cluster) -> Hashes:
    """Of a dump by the bare tool, through a pipe, not packed from outside."""
    with _piped(dump_command(cluster), cluster.environment()) as output:
        return hash_archive(read_chunks(output))


def text_hash(cluster: Cluster, archive: Path) -> str:
    """sha256 of what `pg_restore -f -` makes of it, without the two lines with a random key."""
    digest = hashlib.sha256()
    command = [cluster.program("pg_restore"), "-f", "-", str(archive)]
    with _piped(command, cluster.environment()) as output:
        for line in output:
            if not line.startswith((b"\\restrict ", b"\\unrestrict ")):
                digest.update(line)
    return digest.hexdigest()


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Pieces of a mebibyte; the first is a full one, which a raw pipe would not promise."""
    while chunk := file.read(CHUNK):
        yield chunk


class _piped:
    """The output of a command; raises CalledProcessError at its end when the command failed."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, bufsize=CHUNK
        )

    def __enter__(self) -> BinaryIO:
        assert self.process.stdout is not None
        return self.process.stdout  # type: ignore[return-value]  # IO[bytes], read as BinaryIO

    def __exit__(self, *failure: object) -> None:
        if self.process.wait() and failure[0] is None:
            raise subprocess.CalledProcessError(self.process.returncode, self.process.args)
