"""The lint rule that keeps a worker's own clock out of what leases and queues go by."""

import re
import subprocess
import sys

import pytest

from config.places import PROJECT

READS = ["time.time", "datetime.datetime.now", "django.utils.timezone.now"]
TEXT = """\
import time
from datetime import UTC, datetime

from django.utils import timezone

BEGAN = time.monotonic()
NOW = time.time()
TODAY = datetime.now(UTC)
HERE = timezone.now()
"""
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


def refused(path: str) -> list[str]:
    """What the rule refuses of the text, were it the file of this path."""
    arguments = ("-m", "ruff", "check", "--no-cache", "--output-format", "concise")
    said = subprocess.run(
        [sys.executable, *arguments, "--stdin-filename", path, "-"],
        cwd=PROJECT,
        input=TEXT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return re.findall(r"TID251 `([\w.]+)`", said)


@pytest.mark.parametrize("path", DECIDES)
def test_the_own_clock_is_refused_where_it_would_decide(path: str) -> None:
    assert refused(path) == READS


@pytest.mark.parametrize("path", SHOWS)
def test_it_may_be_read_to_show_an_age(path: str) -> None:
    assert refused(path) == []
