"""Expected backups as alerts: one message for each change of state, and many at once."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Company
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.telling import tell_changes
from tests.monitoring.expected.conftest import expect

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(company: Company) -> ExpectedBackupJob:
    Channel.objects.create(name="Ops", recipients=["ops@example.org"])
    return expect(company, notification_recipients=["own@example.org"])


def become(state: str) -> None:
    rows = ExpectedBackupJob.objects.all()
    for row in rows:
        rows.filter(pk=row.pk).update(current_status=state, status_due_at=row.created_at)


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
    assert (alert.is_open, alert.count) == (False, 3)


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
