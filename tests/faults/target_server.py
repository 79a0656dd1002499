"""A server of a test's own that dies with all of its processes, and comes back with its data."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import psycopg

from machine.account import service_account
from tests.backups.servers import TestServer, _as, programs_of, start_server, stop_server

# Unlike the shared servers: what was reported as committed is there after the death.
DURABLE = ("synchronous_commit=on", "full_page_writes=on")


@contextmanager
def mortal_server(major: int = 17) -> Iterator[TestServer]:
    server = start_server(major, programs_of(major))
    try:
        for setting in DURABLE:
            server.execute(f"ALTER SYSTEM SET {setting.replace('=', ' = ')}")
        kill(server)
        revive(server, drop_options=True)
        yield server
    finally:
        stop_server(server)
        shutil.rmtree(server.folder, ignore_errors=True)


def kill(server: TestServer) -> None:
    """Signal 9 to each of its processes, as if the machine had gone."""
    father = psutil.Process(server.process.pid)
    family = [father, *father.children(recursive=True)]
    for one in family:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    server.process.wait()
    psutil.wait_procs(family, timeout=10)


def revive(server: TestServer, *, drop_options: bool = False) -> None:
    arguments = [str(one) for one in server.process.args]  # type: ignore[union-attr]  # a list
    if drop_options:
        arguments = [one for one in arguments if one.split("=")[0].strip("-") not in WEAK]
    deadline = time.monotonic() + 60
    while True:
        with (server.folder / "log").open("ab") as log:
            server.process = subprocess.Popen(
                arguments,
                stdout=log,
                stderr=subprocess.STDOUT,
                **_as(service_account(), server.folder / "data"),
            )
        while server.process.poll() is None and time.monotonic() < deadline:
            try:
                server.connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        assert time.monotonic() < deadline, (server.folder / "log").read_text()


WEAK = {setting.split("=")[0] for setting in DURABLE}
