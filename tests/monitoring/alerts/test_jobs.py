"""Expected backups as alerts: one message for each change of state, and many at once."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Company
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.telling import count_failures, tell_changes
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(company: Company) -> ExpectedBackupJob:
    Channel.objects.create(name="Ops", recipients=["ops@example.org"])
    return expect(company, notification_recipients=["own@example.org"])


def become(state: str, *, day: int = 0) -> None:
    rows = ExpectedBackupJob.objects.all()
    for row in rows:
        due = row.created_at + timedelta(days=day)
        rows.filter(pk=row.pk).update(current_status=state, status_due_at=due)


@pytest.mark.usefixtures("job")
def test_each_change_of_state_is_one_message_to_each() -> None:
    for state in ("MISSING", "MISSING", "FAILED", "HASH_MISMATCH", "SUCCESS", "SUCCESS"):
        become(state)
        tell_changes()
    kinds = ["opened", "changed", "changed", "resolved"]
    for name in ("Ops", "own@example.org"):
        rows = Delivery.objects.filter(channel_name=name).order_by("pk")
        assert list(rows.values_list("kind", flat=True)) == kinds
    alert = Alert.objects.get()
    # All of one due time.
    assert (alert.is_open, alert.count) == (False, 1)


@pytest.mark.usefixtures("job")
def test_after_so_many_failures_in_a_row() -> None:
    """Some hear of each, some of the third one."""
    Channel.objects.create(name="third", recipients=["a@example.org"], after_count=3)
    for day in (1, 1, 2, 2):
        become("MISSING", day=day)
        tell_changes()
        count_failures()
    become("FAILED", day=2)
    tell_changes()
    assert Alert.objects.get().count == 2
    assert not Delivery.objects.filter(channel_name="third").exists()
    become("FAILED", day=3)
    assert (tell_changes(), count_failures(), count_failures()) == (0, 1, 0)
    # What nobody waits for is not counted.
    become("FAILED", day=4)
    assert count_failures() == 0
    become("SUCCESS", day=5)
    tell_changes()
    kinds = Delivery.objects.order_by("pk").values_list("channel_name", "kind")
    assert [kind for name, kind in kinds if name == "third"] == ["opened", "resolved"]
    assert [kind for name, kind in kinds if name == "Ops"] == ["opened", "changed", "resolved"]
    become("MISSING", day=6)
    tell_changes()
    assert Alert.objects.open().get().count == 1


@pytest.mark.exhaustive
def test_a_thousand_that_go_missing_are_some_batches(job: ExpectedBackupJob) -> None:
    become("MISSING")
    with CaptureQueriesContext(connection) as one:
        assert tell_changes() == 1
    jobs = []
    for number in range(200):
        made = ExpectedBackupJob.objects.get(pk=job.pk)
        made.pk, made.city, made.ping_key = None, f"c{number}", f"{uuid.uuid4()}"
        made.told_status = "SUCCESS"
        jobs.append(made)
    ExpectedBackupJob.objects.bulk_create(jobs)
    with CaptureQueriesContext(connection) as many:
        assert tell_changes() == 200
    assert len(many) == len(one)
    assert Alert.objects.open().count() == 201
    assert Delivery.objects.count() == 402
