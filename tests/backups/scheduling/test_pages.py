"""The pages of schedules: what they show, what the form saves, who may do what."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from access.models import User
from backups.models import Backup, BackupSchedule, Database
from backups.pages.load import load_of_the_week
from backups.scheduling.queueing import queue_due_backups
from storage.models import StorageTarget
from tests.backups.scheduling.conftest import MakeDue
from tests.cast import Login

pytestmark = pytest.mark.django_db
LIST = "/dashboard/schedules"


def filled(database: Database, **values: Any) -> dict[str, Any]:
    return {
        "name": "nightly",
        "database": str(database.pk),
        "often": "daily",
        "at": "02:30",
        "time_zone": "Europe/Berlin",
        "retries": 2,
        "retry_minutes": 5,
        **values,
    }


@pytest.fixture
def client_of_admin(login: Login, admin: User) -> Client:
    return login(admin)


def test_without_one_the_list_says_what_to_do(
    client_of_admin: Client, login: Login, viewer: User
) -> None:
    assert "Add a schedule" in client_of_admin.get(LIST).content.decode()
    assert "Add a schedule" not in login(viewer).get(LIST).content.decode()


@pytest.mark.parametrize(
    ("values", "cron"),
    [
        ({}, "30 2 * * *"),
        ({"often": "hourly", "at": "00:07"}, "7 * * * *"),
        ({"often": "weekly", "weekday": "0"}, "30 2 * * 0"),
        ({"often": "monthly"}, "30 2 1 * *"),
        ({"often": "cron", "cron": "*/5 1 * * 1-5"}, "*/5 1 * * 1-5"),
        ({"often": "minutes", "interval_minutes": "90"}, ""),
    ],
)
def test_each_frequency_is_saved_and_shown_again_as_it_was(
    client_of_admin: Client, database: Database, values: dict[str, Any], cron: str
) -> None:
    body = filled(database, **values)
    assert client_of_admin.post(f"{LIST}/new", body).status_code == 302
    made = BackupSchedule.objects.get()
    assert (made.cron, made.interval_minutes) == (cron, None if cron else 90)
    shown = client_of_admin.get(f"{LIST}/{made.pk}").context["form"].initial
    for name, value in values.items():
        assert str(shown[name]) == value
    assert client_of_admin.post(f"{LIST}/{made.pk}", body).status_code == 302
    changed = BackupSchedule.objects.get()
    assert (changed.cron, changed.watermark >= made.watermark) == (cron, True)


def test_all_of_the_form_is_kept(
    client_of_admin: Client, database: Database, storage_target: StorageTarget
) -> None:
    more = {
        "window_from": "22:00",
        "window_to": "05:00",
        "jitter_minutes": "20",
        "storage": str(storage_target.pk),
        "label": "night",
        "keep_last": "7",
        "keep_monthly": "12",
    }
    assert client_of_admin.post(f"{LIST}/new", filled(database, **more)).status_code == 302
    made = BackupSchedule.objects.get()
    assert (f"{made.window_from:%H:%M}", made.jitter_minutes) == ("22:00", 20)
    assert (made.keep_last, made.keep_daily, made.keep_monthly) == (7, None, 12)
    assert made.options == {"label": "night"}
    assert list(made.storages.all()) == [storage_target]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"often": "cron", "cron": "61 * * * *"}, "The field minute of cron cannot be read."),
        ({"time_zone": "Mars/Olympus"}, "There is no such time zone"),
        ({"window_from": "10:00"}, "Give both hours"),
        ({"window_from": "10:00", "window_to": "11:00"}, "It would never run"),
        ({"keep_last": "0"}, "This would keep nothing."),
    ],
)
def test_what_cannot_be_is_said_at_the_form(
    client_of_admin: Client, database: Database, wrong: dict[str, str], said: str
) -> None:
    answer = client_of_admin.post(f"{LIST}/new", filled(database, **wrong))
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not BackupSchedule.objects.exists()


def test_the_preview_shows_five_runs_and_their_change_of_clocks(client_of_admin: Client) -> None:
    asked = {"often": "cron", "cron": "30 2 29 3 *", "time_zone": "Europe/Berlin"}
    html = client_of_admin.get(f"{LIST}/preview", asked).content.decode()
    assert html.count("<li>") == 5
    wrong = client_of_admin.get(f"{LIST}/preview", {**asked, "cron": "30 2 31 2 *"})
    assert "none of these months" in wrong.content.decode()


class TestActs:
    def act(self, client: Client, schedule: BackupSchedule, what: str) -> int:
        return client.post(f"{LIST}/{schedule.pk}/act", {"act": what}).status_code

    def test_an_administrator_pauses_and_resumes(
        self, client_of_admin: Client, due: MakeDue
    ) -> None:
        schedule = due()
        assert self.act(client_of_admin, schedule, "pause") == 302
        assert "Paused" in client_of_admin.get(LIST).content.decode()
        assert queue_due_backups() == 0
        assert self.act(client_of_admin, schedule, "resume") == 302
        assert BackupSchedule.objects.get().enabled

    def test_an_operator_runs_it_and_no_more(
        self, due: MakeDue, login: Login, operator: User
    ) -> None:
        schedule = due()
        client = login(operator)
        assert self.act(client, schedule, "run") == 302
        assert Backup.objects.get().trigger == "manual"
        for what in ("pause", "delete"):
            assert self.act(client, schedule, what) == 403
        assert self.act(client, schedule, "explode") == 400
        assert BackupSchedule.objects.get().enabled

    def test_a_viewer_and_a_stranger_may_nothing(
        self, due: MakeDue, login: Login, viewer: User, stranger: User
    ) -> None:
        schedule = due()
        assert self.act(login(viewer), schedule, "run") == 403
        assert self.act(login(stranger), schedule, "delete") == 404
        assert not Backup.objects.exists()


def test_the_list_says_why_a_run_was_skipped(due: MakeDue, login: Login, viewer: User) -> None:
    schedule = due()
    Backup.objects.bulk_create([])
    queue_due_backups()
    schedule.due_times.update(due_at=datetime(2026, 1, 1, tzinfo=UTC))
    BackupSchedule.objects.update(watermark=schedule.watermark, next_at=schedule.next_at)
    queue_due_backups()
    html = login(viewer).get(LIST).content.decode()
    assert "The run before this one had not ended yet." in html
    assert "Run now" not in html


def test_the_load_counts_each_start_of_a_week(database: Database) -> None:
    zone, now = ZoneInfo("Europe/Berlin"), datetime(2026, 6, 3, 9, tzinfo=UTC)
    made = [
        BackupSchedule(database=database, time_zone=where, created_at=now, **times)
        for where, times in (
            ("Europe/Berlin", {"cron": "30 2 * * *"}),
            ("America/New_York", {"cron": "0 20 * * 1"}),
            ("UTC", {"interval_minutes": 5}),
        )
    ]
    days = load_of_the_week(made, now=now, zone=zone)
    counts = [[hour.count for hour in day.hours] for day in days]
    assert [counts[day][2] for day in range(7)] == [13, 14, 13, 13, 13, 13, 13]
    assert counts[3][5] == 12
    assert days[1].hours[2].tone == 4
    made[2].enabled = False
    assert (
        sum(hour.count for day in load_of_the_week(made, now=now, zone=zone) for hour in day.hours)
        == 8
    )
