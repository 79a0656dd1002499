"""A process that can touch nothing but the folders it is given: Landlock and seccomp.

For servers that run what strangers wrote. The kernel grants this to ordinary users too, and every
child inherits it. See landlock(7) and seccomp(2); the numbers below are those of their headers.

What is confined may read and write as told, and start only what lies in the folders to run. It may
not open a connection (also not to a socket file, where the server would trust its account),
listen on TCP, or signal anything outside of itself.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterable
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2

LANDLOCK_CREATE_RULESET, LANDLOCK_ADD_RULE, LANDLOCK_RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE = 1 << 14
READ = READ_FILE | READ_DIR
# How many rights on files each version of Landlock's interface knows.
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
# What a rule on a file, not a folder, may name.
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | 1 << 15
BIND_AND_CONNECT_TCP = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
NET_SINCE, SCOPES_SINCE = 4, 6

# (audit architecture, number of connect, number of io_uring_setup)
_CALLS = {"x86_64": (0xC000003E, 42, 425), "aarch64": (0xC00000B7, 203, 425)}
EPERM = 1
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | EPERM, 0x80000000


def version() -> int:
    """Landlock's version on this machine; 0 where the kernel has none, or seccomp is unknown."""
    if platform.machine() not in _CALLS:
        return 0
    return max(0, int(_libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)))


def confine(*, write: Iterable[Path], read: Iterable[Path], run: Iterable[Path]) -> None:
    """Confine this process for ever. Called in a fresh child. Raises OSError.

    Folders that are not there are left out. `run` are also read.
    """
    abi = version()
    if not abi:
        raise OSError("The kernel knows no Landlock.")
    every = (1 << RIGHTS[min(abi, max(RIGHTS))]) - 1
    ruleset = _ruleset(abi, every)
    for folders, rights in (
        (write, every & ~EXECUTE),
        (read, READ),
        (run, READ | EXECUTE),
    ):
        for folder in folders:
            _allow(ruleset, folder, rights)
    _done(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _done(_libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)
    _refuse_connections()


def _ruleset(abi: int, every: int) -> int:
    handled = [every]
    if abi >= NET_SINCE:
        handled.append(BIND_AND_CONNECT_TCP)
    if abi >= SCOPES_SINCE:
        handled.append(ABSTRACT_SOCKETS_AND_SIGNALS)
    attributes = struct.pack(f"={len(handled)}Q", *handled)
    return _done(_libc.syscall(LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not path.is_dir():
            rights &= OF_FILES
        rule = struct.pack("=Qi", rights, place)
        _done(_libc.syscall(LANDLOCK_ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(place)


def _refuse_connections() -> None:
    """A filter on system calls: connect and io_uring_setup fail as not permitted."""
    architecture, connect, io_uring_setup = _CALLS[platform.machine()]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    program = [
        (load, 0, 0, 4),  # the architecture
        (equal, 1, 0, architecture),
        (answer, 0, 0, _KILL),
        (load, 0, 0, 0),  # the number of the call
        (at_least, 2, 0, 0x40000000),  # x32's own numbers
        (equal, 1, 0, connect),
        (equal, 0, 1, io_uring_setup),
        (answer, 0, 0, _REFUSE),
        (answer, 0, 0, _ALLOW),
    ]
    packed = b"".join(struct.pack("=HBBI", *line) for line in program)
    lines = ctypes.create_string_buffer(packed, len(packed))
    # struct sock_fprog: a count, padding, a pointer.
    pointer = struct.pack("=H6xQ", len(program), ctypes.addressof(lines))
    _done(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, pointer, 0, 0))


def _done(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
