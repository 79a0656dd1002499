"""A scanner killed at each of its points: no missing backup lost, told twice, or entered twice."""

import signal
from datetime import timedelta

import pytest

from access.models import Company
from monitoring.alerts.models import Alert
from monitoring.expected.models import BackupEntry, ExpectedBackupJob, JobRun, WatchGap
from monitoring.expected.scanning import scan_jobs
from monitoring.expected.telling import tell_changes
from monitoring.heartbeats.models import Heartbeat
from monitoring.times.clock import database_now
from tests.cast import company
from tests.faults.points import IN_AN_EXPECTATION, one_always
from tests.faults.worker import Process
from tests.monitoring.expected.conftest import expect, overdue

__all__ = ["company"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

# The tick's duties alone, and a ping of the third job.
TURN = """
import django
django.setup()
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.pings import Kind, ping
from monitoring.expected.scanning import scan_jobs
from monitoring.expected.telling import tell_changes
scan_jobs()
tell_changes()
ping(key=ExpectedBackupJob.objects.get(city="Pinged").ping_key, kind=Kind.FAIL)
"""


@pytest.fixture
def due(company: Company) -> list[ExpectedBackupJob]:
    """One of which two are missing and one was due while nobody watched, and one to be pinged."""
    now = database_now()
    Heartbeat.objects.create(name="scanner", at=now - timedelta(hours=30))
    made = [expect(company, city=city) for city in ("Missing", "Pinged")]
    overdue(made[0], hours=32)
    return made


def test_there_are_points() -> None:
    assert len(IN_AN_EXPECTATION) == 6


@pytest.mark.parametrize("point", one_always(IN_AN_EXPECTATION, "expected.before-commit"))
def test_killed_at_a_point(due: list[ExpectedBackupJob], point: str) -> None:
    process = Process(TURN, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    scan_jobs()
    tell_changes()
    assert WatchGap.objects.count() == 1
    missing, pinged = due
    states = BackupEntry.objects.filter(job=missing).order_by("expected_at")
    assert list(states.values_list("status", flat=True)) == ["MISSING", "MISSING", "UNKNOWN"]
    assert [one.object_id for one in Alert.objects.all()] == [str(missing.pk)]
    # A ping is there with its run, or not at all.
    assert JobRun.objects.count() == BackupEntry.objects.filter(job=pinged).count() == 0
    assert scan_jobs() == tell_changes() == 0
