"""Another user of the same machine, who must not get in."""

import os
from collections.abc import Callable

import pytest

NOBODY = 65534

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can act as another user of the machine"
)


def as_stranger(act: Callable[[], object]) -> str:
    """Do it as the user nobody, in a process of its own; the error it met, or ''."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        try:
            act()
            said = ""
        except BaseException as error:  # noqa: BLE001  # told to the parent
            known = isinstance(error, OSError)
            said = type(error).__name__ if known else str(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said
