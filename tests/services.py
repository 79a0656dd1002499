"""The PostgreSQL and Redis of a test run: the product's own, in a folder of their own.

Loaded with `-p tests.services`, before Django's settings are read. The controller of a
parallel run starts them; its workers find them by the environment.
"""

import atexit
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import psutil
import pytest

from config.embedded.preparation import embedded_services
from config.embedded.service import start_service
from config.places import Places
from config.processes.child import Child

# The product of a test run is not the one of the clone's `.env`.
TEST_ENVIRONMENT = {
    "DATABASE_URL": "",
    "REDIS_URL": "",
    # The S3 server of the tests is on this machine.
    "HOLDFAST_STORAGE_INNER_HOSTS": "true",
    # Each request is two lines that no test reads.
    "HOLDFAST_LOG_LEVEL": "WARNING",
}
# A run starts hundreds of processes: without bytecode each would compile the product anew, and
# each worker would rewrite all tests.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# Nothing that a test stores has to outlive a power cut.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Databases that live for seconds.
    "autovacuum": "off",
    # They are stopped at once: what they share would stay behind in the machine's /dev/shm.
    "dynamic_shared_memory_type": "mmap",
}
# Where there is room, a run's files lie in memory: to make and remove hundreds of databases costs
# a file system more than the tests of them.
MEMORY = Path("/dev/shm")
ROOM = 8 << 30


class TestServices:
    """The services of one run, stopped however the run ends."""

    __test__ = False

    def __init__(self) -> None:
        _move_to_memory()
        self.folder = Path(tempfile.mkdtemp(prefix="holdfast-tests-"))
        # The service account passes through it to what is its own (as root).
        self.folder.chmod(0o711)
        self.owner = os.getpid()
        self.children: list[Child] = []

    def start(self) -> None:
        places = Places(self.folder / "data")
        for service in embedded_services(places, postgres_settings=FAST):
            self.children.append(start_service(service))

    def stop(self) -> None:
        if os.getpid() != self.owner:
            return
        for child in reversed(self.children):
            child.signal_now(signal.SIGTERM if child.spec.name == "redis" else signal.SIGQUIT)
            if not child.wait(5):
                child.kill()
                child.wait(5)
        self.children.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def _in_memory(pid: int) -> Path:
    return MEMORY / f"holdfast-{pid}"


def _has_room() -> bool:
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return False
    # In a container programs may not be run from there, as some tests do with those they make.
    may_run = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return may_run and psutil.virtual_memory().available > 2 * ROOM


def _move_to_memory() -> None:
    """Have all temporary files made there, also those of the processes that are started."""
    for left in MEMORY.glob("holdfast-*"):
        number = left.name.partition("-")[2]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    if not _has_room():
        return
    folder = _in_memory(os.getpid())
    folder.mkdir()
    # As /tmp is.
    folder.chmod(0o1777)
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None
    # After all that still wants its temporary files at the end.
    atexit.register(_leave_memory, os.getpid())


def _leave_memory(pid: int) -> None:
    if os.getpid() == pid:
        shutil.rmtree(_in_memory(pid), ignore_errors=True)


def _is_worker() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def _start() -> TestServices:
    services = TestServices()
    os.environ.update(TEST_ENVIRONMENT)
    os.environ["HOLDFAST_DATA_DIR"] = str(services.folder / "data")
    try:
        services.start()
    except BaseException:
        services.stop()
        raise
    return services


def _stop_on_termination(_number: int, _frame: FrameType | None) -> None:
    # Without a handler SIGTERM would end pytest before it tells its plugins.
    raise KeyboardInterrupt


def _stay_apart() -> None:
    """A data folder of each worker's own: tests count what is left in it, and one worker's audit
    is another's lost one. Only the services' sockets are shared."""
    shared = Path(os.environ["HOLDFAST_DATA_DIR"])
    own = shared.parent / os.environ["PYTEST_XDIST_WORKER"]
    own.mkdir(mode=shared.stat().st_mode & 0o777)
    (own / "run").symlink_to(shared / "run")
    os.environ["HOLDFAST_DATA_DIR"] = str(own)


if _is_worker():
    _stay_apart()
_services = None if _is_worker() else _start()
if _services is not None:
    signal.signal(signal.SIGTERM, _stop_on_termination)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    # Known only where a test has asked for one: its module needs Django.
    servers = sys.modules.get("tests.backups.servers")
    if servers is not None:
        servers.stop_servers()
    if _services is not None:
        _services.stop()
