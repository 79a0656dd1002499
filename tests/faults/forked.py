"""Processes of their own that need no start of Python and Django: 0.7 s of the processor each.

They are forked from one that has everything ready, has no thread and no connection, and has seen
no test. Beside that they are as real as others: they have an id, and die by signals.
"""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import faults

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.ready"])


def start_forked(
    code: str, *arguments: str, environment: Mapping[str, str], output: str
) -> ForkServerProcess:
    """A process that runs the code as `python -c` would; what it says goes to the file `output`."""
    process = _context.Process(target=_carry_out, args=(code, arguments, dict(environment), output))
    before = dict(os.environ)
    try:
        # The first one starts the server, which reads its settings then.
        os.environ.update(environment)
        os.environ.pop(faults.VARIABLE, None)
        # How a run ended stands in what it says.
        os.environ["HOLDFAST_LOG_LEVEL"] = "INFO"
        process.start()
    finally:
        os.environ.clear()
        os.environ.update(before)
    return process


def _carry_out(
    code: str, arguments: tuple[str, ...], environment: dict[str, str], output: str
) -> None:
    from django.conf import settings

    from config.env import read_environment

    with Path(output).open("ab") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    settings.ENVIRONMENT = read_environment()
    # It reads its variable when it is brought in.
    importlib.reload(faults)
    sys.argv = ["-c", *arguments]
    exec(compile(code, "<worker>", "exec"), {"__name__": "__main__"})  # noqa: S102 - our own
