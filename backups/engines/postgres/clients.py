"""The PostgreSQL programs on this machine, and what each set of them can do.

Looked for in the wheels, in /usr/lib/postgresql/N/bin and in HOLDFAST_POSTGRES_FOLDERS.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from backups.errors import VersionMismatch
from backups.file_errors import NoSafeClient
from machine.programs import POSTGRES_WHEELS

DISTRIBUTION = Path("/usr/lib/postgresql")
# Older minors run a shell command hidden in \unrestrict (CVE-2026-18408); releases of 2026-11.
UNRESTRICT_FIXED = {15: 20, 16: 16, 17: 12, 18: 6}
PROBE_SECONDS = 10
# From here on what pg_restore says first is not understood by older servers (transaction_timeout).
STRANGE_TO_OLDER = 17
# Which format pg_dump writes: who writes it reads it (K_VERS_… in pg_backup_archiver.h).
FORMATS = {12: 14, 13: 14, 14: 14, 15: 14, 16: 15, 17: 16, 18: 16}


@dataclass(frozen=True)
class ClientSet:
    folder: Path
    version: str
    major: int
    has_zstd: bool
    has_tls: bool
    has_server: bool
    has_psql: bool = False
    flaws: tuple[str, ...] = ()

    def program(self, name: str) -> str:
        return str(self.folder / name)


@lru_cache(maxsize=1)
def discover() -> tuple[ClientSet, ...]:
    """Every usable set, newest first; of one version, the more able first."""
    found = [probe(folder) for folder in _folders()]
    usable = [clients for clients in found if clients is not None]
    return tuple(
        sorted(usable, key=lambda c: (c.major, c.has_zstd, c.has_tls, c.version), reverse=True)
    )


def choose_for_dump(server_major: int, *, needs_tls: bool) -> ClientSet:
    """The server's own major, else the nearest newer. Raises VersionMismatch."""
    able = [c for c in discover() if c.major >= server_major and (c.has_tls or not needs_tls)]
    if not able:
        message = _("No pg_dump of version %(major)s or newer is on this machine.")
        if needs_tls:
            message = _("No pg_dump of version %(major)s or newer with TLS is on this machine.")
        raise VersionMismatch(message % {"major": server_major})
    nearest = min(c.major for c in able)
    return next(c for c in able if c.major == nearest)


def choose_for_reading(archive_major: int, *, needs_zstd: bool) -> ClientSet:
    """A set whose pg_restore reads what pg_dump of that major wrote. Raises VersionMismatch."""
    able = [c for c in discover() if c.major >= archive_major and (c.has_zstd or not needs_zstd)]
    if not able:
        raise VersionMismatch(
            _("No pg_restore of version %(major)s or newer is on this machine.")
            % {"major": archive_major}
        )
    nearest = min(c.major for c in able)
    return next(c for c in able if c.major == nearest)


@dataclass(frozen=True)
class Readers:
    """`psql` when what `pg_restore` reads has to go to the server as text."""

    pg_restore: ClientSet
    psql: ClientSet | None = None


def choose_for_restoring(
    archive_major: int, server_major: int, *, needs_zstd: bool, needs_tls: bool
) -> Readers:
    """The server's own major when it reads the archive, else the archive's as text.

    Text goes by a psql without the hole in `\\unrestrict`. Raises VersionMismatch or NoSafeClient.
    """
    direct = [
        c
        for c in discover()
        if _reads(c.major, archive_major)
        and (c.major <= server_major or c.major < STRANGE_TO_OLDER)
        and (c.has_zstd or not needs_zstd)
        and (c.has_tls or not needs_tls)
    ]
    if direct:
        # The first of the nearest: of one version the more able stands first.
        return Readers(min(direct, key=lambda c: abs(c.major - server_major)))
    reader = choose_for_reading(archive_major, needs_zstd=needs_zstd)
    return Readers(reader, choose_for_scripts(needs_tls=needs_tls))


def _reads(client: int, archive: int) -> bool:
    same = client in FORMATS and FORMATS[client] == FORMATS.get(archive)
    return client >= archive or same


def choose_for_scripts(*, needs_tls: bool) -> ClientSet:
    """A set whose psql may be given plain SQL from elsewhere. Raises NoSafeClient."""
    for clients in discover():
        if clients.has_psql and not clients.flaws and (clients.has_tls or not needs_tls):
            return clients
    message = _("No psql that is safe for plain SQL from elsewhere is on this machine.")
    if needs_tls:
        message = _("No psql with TLS that is safe for plain SQL from elsewhere is here.")
    raise NoSafeClient(message)


def choose_for_drill(major: int) -> ClientSet:
    """A set with a server of this major, else of the nearest newer. Raises VersionMismatch."""
    able = [c for c in discover() if c.has_server and c.major >= major]
    if not able:
        raise VersionMismatch(
            _("No PostgreSQL server of version %(major)s or newer is here to restore into.")
            % {"major": major}
        )
    nearest = min(c.major for c in able)
    return next(c for c in able if c.major == nearest)


def probe(folder: Path) -> ClientSet | None:
    """What the programs of a folder can do, found by asking them; None when they do not run."""
    said = _ask(folder / "pg_dump", "--version")
    match = re.search(r"\(PostgreSQL\) (\d+)\.?(\d*)", said)
    if not match or not (folder / "pg_restore").exists():
        return None
    major, minor = int(match[1]), int(match[2] or 0)
    # Both questions fail for want of a server; what matters is whether they fail earlier.
    zstd = _ask(folder / "pg_dump", "--format=custom", "--compress=zstd:1")
    tls = _ask(folder / "pg_dump", env={"PGSSLMODE": "require"})
    flaws = () if minor >= UNRESTRICT_FIXED.get(major, 0) > 0 else ("unrestrict",)
    return ClientSet(
        folder=folder,
        version=f"{major}.{minor}",
        major=major,
        has_zstd="No such file" in zstd,
        has_tls="not compiled in" not in tls,
        has_server=all((folder / name).exists() for name in ("initdb", "postgres")),
        has_psql=(folder / "psql").exists(),
        flaws=flaws,
    )


def _ask(program: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            [str(program), *arguments],
            env={"LC_ALL": "C", "PGHOST": "/nonexistent", "PATH": os.defpath, **(env or {})},
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def _folders() -> list[Path]:
    folders = [Path(folder) for folder in settings.ENVIRONMENT.postgres_folders]
    for wheel in POSTGRES_WHEELS:
        spec = find_spec(wheel)
        if spec is not None and spec.submodule_search_locations:
            folders.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    folders += DISTRIBUTION.glob("*/bin")
    return folders
