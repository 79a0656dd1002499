"""A throw-away PostgreSQL server of each bundled major with the generated database in it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench.places import HERE, bench_folder, copy_binaries, service_account

DATABASE = "bench"
USER = "bench"
SMALLEST = 1_000_000_000
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "fsync": "off",
    "autovacuum": "off",
    "unix_socket_permissions": "0700",
}


@dataclass(frozen=True)
class Cluster:
    major: int
    programs: Path
    sockets: Path
    version: str
    size: int
    pid: int

    def program(self, name: str) -> str:
        return str(self.programs / name)

    def environment(self) -> dict[str, str]:
        """What the client programs need to find the database; nothing of the caller's own."""
        return {
            "PATH": f"{self.programs}:{os.defpath}",
            "LC_ALL": "C.UTF-8",
            "PGHOST": str(self.sockets),
            "PGUSER": USER,
            "PGDATABASE": DATABASE,
        }


@contextmanager
def running_cluster(major: int) -> Iterator[Cluster]:
    """Start the cluster of ``major``, made and filled at the first time; stop it at the end."""
    folder = bench_folder() / str(major)
    account = service_account()
    folder.mkdir(parents=True, exist_ok=True)
    programs = copy_binaries(major, folder)
    sockets = _socket_folder(folder)
    os.chown(folder, account.uid, account.gid)
    os.chown(sockets, account.uid, account.gid)
    if not (folder / "cluster").exists():
        _make(programs, folder)
    server = _start(programs, folder / "cluster", sockets)
    try:
        size = _fill(programs, sockets)
        version = _ask(programs, sockets, "SHOW server_version")
        yield Cluster(major, programs, sockets, version, size, server.pid)
    finally:
        server.terminate()
        server.wait()


def _socket_folder(folder: Path) -> Path:
    # A socket's path has to stay under 100 bytes, however deep the clone lies.
    name = f"holdfast-bench-{os.getuid()}-{folder.name}"
    sockets = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp") / name  # noqa: S108
    sockets.mkdir(mode=0o700, exist_ok=True)
    return sockets


def _make(programs: Path, folder: Path) -> None:
    unfinished = folder / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    # Nobody is asked for a password: only its owner (and root) can enter the socket's folder.
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        unfinished,
        "-U",
        USER,
        "-A",
        "trust",
        "-N",
    ]
    _run([*command, "-E", "UTF8", "--locale=C.UTF-8"])
    unfinished.rename(folder / "cluster")


def _start(programs: Path, data: Path, sockets: Path) -> "subprocess.Popen[bytes]":
    # A bench that was killed leaves its server behind.
    if (data / "postmaster.pid").exists():
        with suppress(subprocess.CalledProcessError):
            _run([programs / "pg_ctl", "stop", "-D", data, "-m", "fast", "-w", "-s"])
    command = [str(programs / "postgres"), "-D", str(data), "-k", str(sockets)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    with (data.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(  # type: ignore[call-overload]  # keywords of the account
            command, stdout=log, stderr=log, cwd="/", **service_account().as_popen()
        )
    deadline = time.monotonic() + 30
    while not _answers(programs, sockets):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The server did not start; see {log.name}.")
        time.sleep(0.1)
    return server  # type: ignore[no-any-return]


def _fill(programs: Path, sockets: Path) -> int:
    """Generate the database when it is not there; returns its size in bytes."""
    exists = f"SELECT count(*) FROM pg_database WHERE datname = '{DATABASE}'"
    if _ask(programs, sockets, exists) == "0":
        print("Generating the database, once …", flush=True)
        for statement in ["DROP DATABASE IF EXISTS unfinished", "CREATE DATABASE unfinished"]:
            _ask(programs, sockets, statement)
        _ask(programs, sockets, HERE / "content.sql", database="unfinished")
        _ask(programs, sockets, "VACUUM (FREEZE, ANALYZE)", database="unfinished")
        _ask(programs, sockets, f"ALTER DATABASE unfinished RENAME TO {DATABASE}")
    size = int(_ask(programs, sockets, f"SELECT pg_database_size('{DATABASE}')"))
    if size < SMALLEST:
        raise SystemExit(f"The generated database has only {size} bytes.")
    return size


def _ask(programs: Path, sockets: Path, what: str | Path, database: str = "postgres") -> str:
    source = ["-f", what] if isinstance(what, Path) else ["-c", what]
    command: list[str | Path] = [programs / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"]
    command += ["-h", sockets, "-U", USER]
    return _run([*command, "-d", database, *source])


def _answers(programs: Path, sockets: Path) -> bool:
    command = [str(programs / "pg_isready"), "-q", "-h", str(sockets)]
    return subprocess.run(command, check=False).returncode == 0


def _run(command: list[str | Path]) -> str:
    done = subprocess.run(  # type: ignore[call-overload]  # keywords of the account
        [str(word) for word in command],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        cwd="/",
        env={"LC_ALL": "C.UTF-8", "PATH": os.defpath, "PGOPTIONS": "-c client_min_messages=error"},
        **service_account().as_popen(),
    )
    return str(done.stdout).strip()
