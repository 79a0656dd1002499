"""What a process is doing, also when it ends while it is looked at."""

import psutil


def state_of(process: psutil.Process) -> str:
    """psutil's word for its state; `dead` when it is gone, also for one that nobody has reaped."""
    try:
        status = str(process.status())
    except psutil.NoSuchProcess:
        return str(psutil.STATUS_DEAD)
    return str(psutil.STATUS_DEAD) if status == psutil.STATUS_ZOMBIE else status


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and state_of(process) != psutil.STATUS_DEAD


def arguments_of(process: psutil.Process) -> list[str]:
    """None of one that is gone, or dead by now."""
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []
