"""What all workers of a parallel run need is made once, before they set out.

Loaded with `-p tests.head_start`. While the first worker collects, it writes the bytecode of the
rewritten tests, and a process beside it migrates the template of their databases. The other
workers set out when it has collected: each would compile the same files.
"""

import gc
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

# Nothing that is brought in or collected becomes garbage (see tests/conftest.py).
gc.disable()

FIRST = "gw0"
# Then they compile for themselves: the first one may have ended.
PATIENCE_SECONDS = 60.0

_migration: list[subprocess.Popen[bytes]] = []


def _collected() -> Path:
    return Path(os.environ["HOLDFAST_DATA_DIR"]).parent / "collected"


def _wait_for_first() -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not _collected().exists() and time.monotonic() < until:
        time.sleep(0.05)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "")


if _worker() not in ("", FIRST):
    _wait_for_first()


def pytest_xdist_setupnodes() -> None:
    # A worker that finds no template makes it, and says what is wrong.
    command = [sys.executable, "-m", "tests.template_database"]
    silent = subprocess.DEVNULL
    _migration.append(subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent))


def pytest_collection_finish() -> None:
    if _worker() == FIRST:
        _collected().touch()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    for process in _migration:
        process.kill()
        process.wait()
