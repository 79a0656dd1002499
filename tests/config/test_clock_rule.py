"""The lint rule that keeps a worker's own clock out of what leases and queues go by."""

import subprocess
import sys

import pytest

from config.places import PROJECT

READS = {
    "time.time": "import time\n\nNOW = time.time()\n",
    "datetime.now": "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "timezone.now": "from django.utils import timezone\n\nNOW = timezone.now()\n",
}
DECIDES = [
    "monitoring/files/claims.py",
    "monitoring/files/any_new_module.py",
    "monitoring/queue/broker.py",
    "monitoring/queue/selectors.py",
    "monitoring/events/wakeups.py",
    "monitoring/heartbeats/services.py",
    "monitoring/alerts/services.py",
    "backups/course.py",
    "backups/queueing.py",
    "backups/services.py",
    "config/queues/judging.py",
    "config/tick.py",
]
SHOWS = ["monitoring/files/selectors.py", "monitoring/files/api/views.py", "monitoring/admin.py"]


def complaints(path: str, text: str) -> str:
    arguments = ("-m", "ruff", "check", "--no-cache", "--output-format", "concise")
    return subprocess.run(
        [sys.executable, *arguments, "--stdin-filename", path, "-"],
        cwd=PROJECT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


@pytest.mark.parametrize("path", DECIDES)
def test_the_own_clock_is_refused_where_it_would_decide(path: str) -> None:
    for name, text in READS.items():
        assert "TID251" in complaints(path, text), name
    for text in ("import time\n\nBEGAN = time.monotonic()\n",):
        assert "TID251" not in complaints(path, text)


@pytest.mark.parametrize("path", SHOWS)
def test_it_may_be_read_to_show_an_age(path: str) -> None:
    for text in READS.values():
        assert "TID251" not in complaints(path, text)
