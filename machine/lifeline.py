"""A process that must not outlive its parent: the kernel's parent-death signal (prctl(2)).

The signal is sent when the *thread* that forked ends, so children are started from main
threads only. It does not reach grandchildren: each generation ties itself to the last.
"""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """Ask the kernel for `death_signal` when `parent`, who just forked us, dies.

    Called in the child. A parent that died before the call is noticed too.
    """
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal))
    if os.getppid() != parent:
        os._exit(1)


def tie_every_fork() -> None:
    """From now on every child that this process forks dies (SIGKILL) when it does.

    Grandchildren inherit the rule. For programs that fork on their own, like the queue,
    whose workers would outlive a killed sentinel.
    """
    parent = os.getpid()

    def remember() -> None:
        nonlocal parent
        parent = os.getpid()

    os.register_at_fork(
        before=remember, after_in_child=lambda: die_with_parent(parent, signal.SIGKILL)
    )
