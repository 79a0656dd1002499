"""A job by the form of the admin: through the verbs, with mistakes at their fields."""

import pytest
from django.urls import reverse

from access.models import AuditEntry, Company, User
from monitoring.expected.models import ExpectedBackupJob
from tests.cast import Login, admin, login

__all__ = ["admin", "login"]
pytestmark = pytest.mark.django_db


def test_it_is_added_and_changed(company: Company, admin: User, login: Login) -> None:
    client, add = login(admin), reverse("admin:monitoring_expectedbackupjob_add")
    form = {
        **{"company": company.pk, "city": "Porto", "database_name": "orders"},
        **{"agent_id_responsible": "till", "backup_frequency": "daily", "timezone": "UTC"},
        **{"expected_hour_utc": 3, "expected_minute_utc": 0, "days_of_week": "[]"},
        **{"grace_minutes": 60, "early_minutes": 60, "size_history": 7, "is_active": "on"},
        "notification_recipients": "[]",
    }
    for change, said in (
        ({"expected_hour_utc": ""}, "at which hour"),
        ({"backup_frequency": "weekly"}, "days_of_week go with"),
        ({"final_storage_path_template": "{colour}"}, "is no placeholder"),
        ({"local_time": "02:30"}, "not both"),
    ):
        answer = client.post(add, {**form, **change})
        assert (answer.status_code, said in answer.content.decode()) == (200, True), change
    assert client.post(add, form).status_code == 302
    job = ExpectedBackupJob.objects.get()
    assert job.next_check_at is not None
    page = reverse("admin:monitoring_expectedbackupjob_change", args=[job.pk])
    assert client.post(page, {**form, "grace_minutes": 5}).status_code == 302
    assert ExpectedBackupJob.objects.get().grace_minutes == 5
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 302
    assert not ExpectedBackupJob.objects.exists()
    actions = AuditEntry.objects.filter(action__startswith="expected.").order_by("id")
    assert [one.action for one in actions] == [
        *("expected.created", "expected.changed", "expected.deleted"),
    ]
