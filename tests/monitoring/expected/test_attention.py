"""One act for a job and its open alerts, from either side; a recovery ends both."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed
from monitoring.alerts.attention import acknowledge_alert, snooze_alert
from monitoring.alerts.models import Alert
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.attention import acknowledge_job, snooze_job
from monitoring.expected.jobs import delete_job, update_job
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.scanning import scan_jobs
from monitoring.expected.telling import tell_changes
from monitoring.times.clock import database_now
from tests.cast import Login, login, operator
from tests.monitoring.expected.conftest import CLI, expect, overdue

__all__ = ["login", "operator"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def missing(company: Company) -> ExpectedBackupJob:
    """Missing, too old as well, and both was told."""
    job = expect(company, max_age_hours=1)
    overdue(job, hours=2)
    ExpectedBackupJob.objects.update(last_success_at=database_now() - timedelta(hours=5))
    scan_jobs()
    tell_changes()
    assert Alert.objects.open().count() == 2
    return again(job)


def again(job: ExpectedBackupJob) -> ExpectedBackupJob:
    return ExpectedBackupJob.objects.get(pk=job.pk)


def alerts() -> list[Alert]:
    return list(Alert.objects.open().order_by("pk"))


def test_from_the_job(missing: ExpectedBackupJob, operator: User, viewer: User) -> None:
    with pytest.raises(NotAllowed):
        acknowledge_job(job=missing, actor=viewer)
    assert [one.acknowledged_by for one in alerts()] == ["", ""]
    snooze_job(job=missing, actor=operator, hours=8)
    until = again(missing).snoozed_until
    assert [one.snoozed_until for one in alerts()] == [until, until]
    snooze_job(job=missing, actor=operator, hours=0)
    assert [one.snoozed_until for one in alerts()] == [None, None]
    snooze_job(job=missing, actor=operator, hours=8)
    acknowledge_job(job=missing, actor=operator)
    assert [one.acknowledged_by for one in alerts()] == ["otto", "otto"]
    assert again(missing).snoozed_until is None
    assert [one.snoozed_until for one in alerts()] == [None, None]
    assert AuditEntry.objects.filter(action="alert.acknowledged", actor_name="otto").count() == 2


def test_from_an_alert(missing: ExpectedBackupJob, operator: User, viewer: User) -> None:
    first, other = alerts()
    until = database_now() + timedelta(hours=4)
    with pytest.raises(NotAllowed):
        snooze_alert(alert=first, actor=viewer, until=until)
    assert again(missing).snoozed_until is None
    snooze_alert(alert=first, actor=operator, until=until)
    assert again(missing).snoozed_until == until
    assert [one.snoozed_until for one in alerts()] == [until, until]
    acknowledge_alert(alert=other, actor=operator)
    found = again(missing)
    assert (found.acknowledged_by, found.snoozed_until) == ("otto", None)
    assert [one.acknowledged_by for one in alerts()] == ["otto", "otto"]


def test_an_alert_of_another_job_stays(
    missing: ExpectedBackupJob, company: Company, operator: User
) -> None:
    other = expect(company, city="Faro")
    overdue(other)
    scan_jobs()
    tell_changes()
    acknowledge_job(job=missing, actor=operator)
    assert [one.acknowledged_by for one in alerts()] == ["otto", "otto", ""]
    assert again(other).acknowledged_at is None


@pytest.mark.parametrize("act", ["acknowledge", "snooze"])
def test_recovery_ends_both(missing: ExpectedBackupJob, operator: User, act: str) -> None:
    if act == "acknowledge":
        acknowledge_job(job=missing, actor=operator)
    else:
        snooze_job(job=missing, actor=operator, hours=8)
    record_entry(job_id=missing.pk, arrival=Arrival("SUCCESS", "ping"))
    found = again(missing)
    assert (found.acknowledged_at, found.acknowledged_by, found.snoozed_until) == (None, "", None)
    tell_changes()
    assert alerts() == []


def test_what_nobody_heard_of_keeps_the_quiet(job: ExpectedBackupJob, operator: User) -> None:
    snooze_job(job=job, actor=operator, hours=8)
    overdue(job)
    scan_jobs()
    assert (tell_changes(), again(job).current_status) == (0, "MISSING")
    record_entry(job_id=job.pk, arrival=Arrival("SUCCESS", "ping"))
    assert again(job).snoozed_until is not None


def test_one_that_is_paused_or_deleted_is_over(missing: ExpectedBackupJob) -> None:
    update_job(job=missing, actor=CLI, is_active=False)
    tell_changes()
    assert (alerts(), again(missing).current_status) == ([], "UNKNOWN")
    update_job(job=missing, actor=CLI, is_active=True)
    assert tell_changes() == 0
    overdue(missing)
    scan_jobs()
    tell_changes()
    assert alerts()
    delete_job(job=missing, actor=CLI)
    assert alerts() == []


def test_an_alert_whose_job_is_gone(missing: ExpectedBackupJob, operator: User) -> None:
    ExpectedBackupJob.objects.all().delete()
    acknowledge_alert(alert=alerts()[0], actor=operator)
    assert [one.acknowledged_by for one in alerts()] == ["otto", ""]


def test_by_the_api_and_the_command_line(
    missing: ExpectedBackupJob, operator: User, login: Login
) -> None:
    client: Client = login(operator)
    said: dict[str, Any] = {"hours": 8}
    path = f"/api/v1/jobs/{missing.pk}/snooze"
    until = client.post(path, said, content_type="application/json").json()["snoozed_until"]
    [first, _other] = client.get("/api/alerts?state=open").json()["results"]
    read = client.get(f"/api/alerts/{first['id']}").json()
    assert until[:16] == read["snoozed_until"][:16]
    client.post(f"/api/alerts/{first['id']}/acknowledge")
    assert client.get(f"/api/v1/jobs/{missing.pk}").json()["acknowledged_at"]
    out = StringIO()
    call_command("expected", "snooze", str(missing.pk), "1", "--as", "otto", stdout=out)
    assert all(one.snoozed_until for one in alerts())
    call_command("alerts", "snooze", str(first["id"]), "--hours", "2", stdout=out)
    assert again(missing).snoozed_until == alerts()[1].snoozed_until
