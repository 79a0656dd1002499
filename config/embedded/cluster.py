"""The data directory of the embedded PostgreSQL: made once and whole, then checked."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from config.embedded.binaries import PostgresBinaries
from config.embedded.errors import ForeignMajor
from config.places import Places
from machine.account import Account, bare_environment
from machine.errors import FolderUnsafe, StartFailed
from machine.folders import private_folder
from machine.leftovers import end_leftovers
from machine.lifeline import die_with_parent

ROLE = "holdfast"


def ensure_cluster(places: Places, account: Account, binaries: PostgresBinaries) -> None:
    """Make the data directory when there is none, and refuse one that is not ours to use.

    `initdb` writes to a folder beside it, which is renamed when it is whole: a start that
    was killed half-way leaves nothing that looks like a data directory.
    """
    for draft in places.data.glob("postgres.new-*"):
        # The server that a killed initdb had started may not have noticed yet.
        for program in ("initdb", "postgres"):
            end_leftovers(draft, program=program, stop=signal.SIGKILL, seconds=6)
        shutil.rmtree(draft)
    if not places.postgres.exists() or not any(places.postgres.iterdir()):
        _make(places, account, binaries)
    major = read_major(places.postgres)
    private_folder(places.postgres, account)
    if major != binaries.major:
        raise ForeignMajor(
            f"{places.postgres} was made by PostgreSQL {major}, and this version of Holdfast "
            f"brings PostgreSQL {binaries.major}. Nothing was changed. Start it with the version "
            "of Holdfast that made it, or dump and restore it: docs/operations.md, "
            '"Another major version".'
        )


def read_major(folder: Path) -> int:
    """The major version that made a data directory. Raises FolderUnsafe when it is none."""
    try:
        return int((folder / "PG_VERSION").read_text().strip().split(".")[0])
    except (OSError, ValueError) as error:
        raise FolderUnsafe(
            f"{folder} is not a PostgreSQL data directory (no PG_VERSION), and it is not empty. "
            "Move it away and start again."
        ) from error


def _make(places: Places, account: Account, binaries: PostgresBinaries) -> None:
    draft = places.data / f"postgres.new-{secrets.token_hex(4)}"
    private_folder(draft, account)
    _initdb(draft, account, binaries)
    draft.rename(places.postgres)
    descriptor = os.open(places.data, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _initdb(folder: Path, account: Account, binaries: PostgresBinaries) -> None:
    parent = os.getpid()
    done = subprocess.run(
        [
            binaries.program("initdb"),
            f"--pgdata={folder}",
            f"--username={ROLE}",
            "--auth-local=peer",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
            # The same order and letters on every machine, whatever its C library knows.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        cwd=folder,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        user=account.uid if account.switch else None,
        group=account.gid if account.switch else None,
        extra_groups=[] if account.switch else None,
        preexec_fn=lambda: die_with_parent(parent, signal.SIGKILL),
    )
    if done.returncode != 0:
        shutil.rmtree(folder)
        raise StartFailed(
            "PostgreSQL's data directory could not be made. initdb says:\n"
            + "\n".join(f"  {line}" for line in done.stderr.splitlines()[-8:])
        )
