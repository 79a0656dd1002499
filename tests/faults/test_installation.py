"""A whole installation in which a worker, or everything, is killed in the middle of a backup."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from config.places import PROJECT
from tests.config.installation import Installation
from tests.config.waiting import wait_for

# A run that is killed by itself (test_killed_worker) and a whole `up` that is (config/test_up) are
# asked in every run; both at once here.
pytestmark = [pytest.mark.slow, pytest.mark.exhaustive, pytest.mark.xdist_group("up")]

MARKED_SECONDS = 60
# By the database's clock, as if the time had passed.
END_LEASES = "UPDATE monitoring_trackedfile SET lease_until = now() WHERE status = 'processing'"
OUTCOME = "SELECT status, validation FROM backups_backup WHERE id = %s"
HOLD = """
import sys
from backups.engines.postgres.connection import Server
from backups.models import Database
with Server.of(Database.objects.get()).connect(application="a long transaction") as session:
    with session.transaction():
        session.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        print("held", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def running(installation: Installation) -> Iterator[Installation]:
    installation.start(HOLDFAST_SAMPLE="1")
    yield installation


def answer(running: Installation, *words: str) -> Any:
    said = running.run("backup", *words, "--json")
    return json.loads(said.stdout)


@contextmanager
def held_table(running: Installation) -> Iterator[None]:
    """A session that a backup of the sample waits for."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", HOLD],
        cwd=PROJECT,
        env=running.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def is_good(running: Installation, backup: str) -> bool:
    found = running.ask(OUTCOME, backup)
    return found in [("completed", "good"), ("completed", "proven")]


@pytest.mark.parametrize("waits", [False, True], ids=["at-once", "in-time"])
def test_a_run_killed_with_everything_is_marked_and_done_again(
    running: Installation, waits: bool
) -> None:
    """Also in the time that is promised: nobody moves a clock when it `waits`."""
    first = answer(running, "list")["results"][0]["id"]
    wait_for(lambda: is_good(running, first), seconds=60, what="the sample's backup is good")
    with held_table(running):
        backup = answer(running, "create", "Sample shop", "--no-wait")["id"]
        wait_for(lambda: bool(running.find("run_file")), seconds=30, what="a run that waits")
        running.kill_tree()
        running.start(HOLDFAST_SAMPLE="1")
        began = time.monotonic()
        if not waits:
            running.ask(END_LEASES)

    wait_for(lambda: is_good(running, backup), seconds=MARKED_SECONDS + 15, what="it is done again")
    # Marked, woken, dumped and checked: all of it within the minute and what a run takes.
    assert time.monotonic() - began < MARKED_SECONDS + 15
    lines = running.run("doctor")
    assert "rows, events and stored bytes agree" in lines.stdout
