"""A PostgreSQL server for the length of a block: made from nothing, reached by nobody else, gone.

What is restored into it may be hostile: it runs code of the source's owner as a superuser. So the
server is confined (see `machine.confinement`), and no more than its own folder is lost with it.
Durability is switched off; that it dies with its maker is not.
"""

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from backups.engines.postgres.clients import ClientSet
from backups.engines.postgres.connection import Server
from backups.errors import BackupError, DiskFull, DrillServerFailed
from machine import confinement
from machine.account import Account, bare_environment, service_account
from machine.errors import MachineError
from machine.folders import place_for_sockets, private_folder
from machine.leftovers import end_leftovers
from machine.lifeline import die_with_parent
from machine.programs import POSTGRES_WHEELS, postgres_for_account

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 10.0
POLL_SECONDS = 0.02
# Its own catalogs and log, before anything is restored.
EMPTY_BYTES = 200 << 20

CONNECTIONS = 10
LEAST_LOCKS = 256

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    # With these a table that is made in its own transaction is not logged at all.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    "checkpoint_timeout": "1d",
    "autovacuum": "off",
    "max_connections": str(CONNECTIONS),
    "shared_buffers": "64MB",
    # In its own folder: /dev/shm is 64 MB in a container, and keeps what a killed server left.
    "dynamic_shared_memory_type": "mmap",
    "maintenance_work_mem": "64MB",
    "max_parallel_maintenance_workers": "1",
    "jit": "off",
    "logging_collector": "off",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Cluster:
    """`server` is its superuser's way in; `identity` is its system identifier."""

    server: Server
    version: str
    identity: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def check_room(self) -> None:
        """Raises DiskFull when the restored copy begins to take what others need."""
        _check_room(self.folder, 0)


@contextmanager
def throwaway_cluster(clients: ClientSet, *, needs_bytes: int, relations: int) -> Iterator[Cluster]:
    """Room for so many bytes, and for so many tables, indexes and sequences in one transaction.

    Raises BackupError. Call it from the thread that lives longest (see `process.running`)."""
    root = drill_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o711)
        _check_room(root, needs_bytes + EMPTY_BYTES)
        with ExitStack() as stack:
            folder = stack.enter_context(_own_folder(root))
            yield stack.enter_context(_running(clients, folder, relations))
    except (MachineError, OSError) as error:
        raise DrillServerFailed(
            _("No throw-away server could be started: %(said)s") % {"said": error}
        ) from error


def drill_folder() -> Path:
    chosen = settings.ENVIRONMENT.drill_dir
    return Path(chosen) if chosen else Path(settings.PLACES.drills)


def sweep() -> int:
    """Remove what dead makers have left: whose lock is free. Safe to call at any time."""
    removed = 0
    for lock in drill_folder().glob("*.lock"):
        with lock.open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            _remove(lock.with_suffix(""))
            lock.unlink(missing_ok=True)
            removed += 1
    return removed


@contextmanager
def _own_folder(root: Path) -> Iterator[Path]:
    lock = root / f"{secrets.token_hex(6)}.lock"
    with lock.open("xb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not lock.exists():
            # A sweep came between the two lines above.
            raise DrillServerFailed(_("Its folder was taken away; try again."))
        folder = lock.with_suffix("")
        try:
            private_folder(folder, service_account())
            yield folder
        finally:
            _remove(folder)
            lock.unlink(missing_ok=True)


def _remove(folder: Path) -> None:
    for program, place in (("initdb", folder), ("postgres", folder), ("postgres", folder / "data")):
        end_leftovers(place, program=program, stop=signal.SIGKILL, seconds=6)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(place_for_sockets(folder), ignore_errors=True)


@contextmanager
def _running(clients: ClientSet, folder: Path, relations: int) -> Iterator[Cluster]:
    account = service_account()
    programs = _reachable(clients.folder, account)
    sockets = place_for_sockets(folder)
    private_folder(sockets, account)
    user = f"drill_{secrets.token_hex(6)}"
    data = folder / "data"
    _initdb(programs, data, folder, account, user)
    server = Server(str(sockets), 5432, user, "postgres", "disable", "")
    process = _start(programs, data, folder, sockets, account, relations)
    try:
        yield _when_it_answers(server, process, folder)
    finally:
        _stop(process)


def _reachable(programs: Path, account: Account) -> Path:
    package = programs.parent.parent
    if package.name in POSTGRES_WHEELS:
        return postgres_for_account(package, settings.PLACES.binaries, account)
    return programs


def _initdb(programs: Path, data: Path, folder: Path, account: Account, user: str) -> None:
    done = subprocess.run(
        [
            *(str(programs / "initdb"), f"--pgdata={data}", f"--username={user}", "--no-sync"),
            *("--auth=trust", "--encoding=UTF8", "--locale=C"),
        ],
        capture_output=True,
        text=True,
        check=False,
        **_as(account, folder),
    )
    if done.returncode != 0:
        raise DrillServerFailed(
            _("No throw-away server could be made. initdb says: %(said)s")
            % {"said": done.stderr.strip().splitlines()[-1:]},
            detail=done.stderr[-4000:],
        )


def _start(
    programs: Path, data: Path, folder: Path, sockets: Path, account: Account, relations: int
) -> "subprocess.Popen[bytes]":
    # Each of them is locked until the end; each table has another two for its long values.
    locks = LEAST_LOCKS + 4 * relations // CONNECTIONS
    chosen = {
        **SETTINGS,
        "unix_socket_directories": str(sockets),
        "max_locks_per_transaction": str(locks),
    }
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    postgres = programs / "postgres"
    package = programs.parent.parent
    places: dict[str, list[Path]] = {
        "write": [folder, sockets, Path("/dev/null")],
        "read": [
            *(programs.parent, package.with_name(f"{package.name}.libs")),
            *map(Path, ("/usr", "/lib", "/lib64", "/etc", "/dev/urandom", "/dev/zero")),
        ],
        # The loader of shared libraries counts as a program.
        "run": [postgres, *Path("/lib64").glob("ld-*.so*"), *Path("/lib").glob("ld-*.so*")],
    }
    if not confinement.version():
        log.warning("drill_server_not_confined", why="the kernel knows no Landlock")
    with (folder / "log").open("wb") as said:
        return subprocess.Popen(
            [str(postgres), "-D", str(data), *options],
            stdout=said,
            stderr=subprocess.STDOUT,
            **_as(account, folder, places),
        )


def _as(
    account: Account, folder: Path, places: dict[str, list[Path]] | None = None
) -> dict[str, Any]:
    parent = os.getpid()

    def in_child() -> None:
        # SIGQUIT: PostgreSQL ends all its processes at once.
        die_with_parent(parent, signal.SIGQUIT)
        _first_to_go()
        if places is not None and confinement.version():
            confinement.confine(**places)

    return {
        "cwd": folder,
        "env": bare_environment(),
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
        "user": account.uid if account.switch else None,
        "group": account.gid if account.switch else None,
        "extra_groups": [] if account.switch else None,
        "preexec_fn": in_child,
    }


def _first_to_go() -> None:
    """When memory runs out a drill is what can be done again."""
    try:
        Path("/proc/self/oom_score_adj").write_text("1000")
    except OSError:
        pass


def _when_it_answers(server: Server, process: "subprocess.Popen[bytes]", folder: Path) -> Cluster:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with server.connect(application="holdfast:drill") as session:
                row = session.execute(
                    "SELECT current_setting('server_version'), system_identifier::text"
                    " FROM pg_control_system()"
                ).fetchone()
        except (BackupError, psycopg.Error) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "log").read_text(errors="replace")[-4000:]
                raise DrillServerFailed(
                    _("The throw-away server did not start."), detail=said or str(error)
                ) from error
            time.sleep(POLL_SECONDS)
            continue
        assert row is not None
        return Cluster(server, str(row[0]), str(row[1]), folder, process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _check_room(folder: Path, wanted: int) -> None:
    kept = settings.ENVIRONMENT.disk_reserve_mb << 20
    free = shutil.disk_usage(folder).free
    if free < wanted + kept:
        raise DiskFull(
            _("Too little room for a drill in %(folder)s: %(free)d MB are free.")
            % {"folder": folder.parent, "free": free >> 20}
        )
