"""Recordings go when their days are over: what goes is shown before, and written down."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client

from access.models import AuditEntry, Company, User
from backups.description import iso
from monitoring.alerts.models import Alert
from storage.models import StorageTarget, StoredObject
from tests.cast import Login
from tests.uploads.made import make_recording
from uploads.models import Recording, RecordingRetention
from uploads.recordings.cleanup import clean_all_recordings
from uploads.recordings.retention import set_retention
from uploads.recordings.services import finish_recordings

pytestmark = pytest.mark.django_db
URL = "/api/recordings/retention"
DAY = timedelta(days=1)


@pytest.fixture
def made(agent: User, storage_target: StorageTarget) -> list[Recording]:
    """Seven: two are forty days old. And they were looked at last night."""
    found = [make_recording(agent, storage_target, b"x" * n) for n in range(1, 8)]
    StoredObject.objects.update(checked_at=Now())
    old = Recording.objects.filter(pk__in=[one.pk for one in found[:2]])
    old.update(created_at=F("created_at") - 40 * DAY)
    return found


def left(made: list[Recording]) -> list[bool]:
    there = set(Recording.objects.filter(deleted_at=None).values_list("pk", flat=True))
    return [one.pk in there for one in made]


def put(client: Client, days: int | None) -> int:
    body = orjson.dumps({"days": days})
    return client.put(URL, body, content_type="application/json").status_code


def test_what_is_older_goes_at_night(
    made: list[Recording],
    company: Company,
    login: Login,
    admin: User,
    storage_target: StorageTarget,
) -> None:
    assert clean_all_recordings() == 0
    assert put(login(admin), 30) == 200
    shown = login(admin).get(URL).json()
    assert (shown["days"], shown["count"], shown["bytes"]) == (30, 2, 3)
    assert [one["file_id"] for one in shown["goes"]] == [str(one.pk) for one in made[:2]]
    assert left(made) == [True] * 7
    assert clean_all_recordings() == 2
    assert left(made) == [False] * 2 + [True] * 5
    # Once a night.
    Recording.objects.update(created_at=F("created_at") - 40 * DAY)
    assert clean_all_recordings() == 0
    assert finish_recordings() == 2
    folder = Path(storage_target.options["folder"])
    assert sum(one.is_file() for one in folder.rglob("*")) == 5
    told = AuditEntry.objects.filter(action="recording.expired")
    assert {(one.actor_name, one.changes["days"]) for one in told} == {("cleanup", 30)}
    assert AuditEntry.objects.filter(action="recording.retention_changed").count() == 1


def test_when_each_goes_is_shown(
    made: list[Recording], company: Company, login: Login, admin: User, viewer: User
) -> None:
    def shown() -> str | None:
        found: str | None = login(viewer).get(f"/api/recordings/{made[6].pk}").json()["expires_at"]
        return found

    assert shown() is None
    set_retention(company=company, days=30, actor=admin)
    made[6].refresh_from_db()
    assert shown() == iso(made[6].created_at + 30 * DAY)
    page = login(viewer).get(f"/dashboard/recordings/{made[6].pk}").content.decode()
    assert "Kept until" in page
    assert "for ever" not in page


def test_the_installation_may_say_it_for_all(
    made: list[Recording], company: Company, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = type(configured.ENVIRONMENT)(
        **{**vars(configured.ENVIRONMENT), "recordings_days": 30}
    )
    monkeypatch.setattr(configured, "ENVIRONMENT", environment)
    set_retention(company=company, days=0, actor=admin)
    assert clean_all_recordings() == 0
    set_retention(company=company, days=None, actor=admin)
    assert clean_all_recordings() == 2


@pytest.mark.parametrize("why", ["not confirmed", "missing", "locked"])
def test_what_is_not_confirmed_at_its_place_stays(
    made: list[Recording], company: Company, admin: User, why: str
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "not confirmed": {"checked_at": None},
        "missing": {"state": StoredObject.State.MISSING},
        "locked": {"retain_until": Now() + DAY},
    }
    StoredObject.objects.filter(pk=made[0].stored_id).update(**changes[why])
    set_retention(company=company, days=30, actor=admin)
    assert clean_all_recordings() == 1
    assert left(made) == [True, False] + [True] * 5


def test_more_than_half_at_once_waits_for_a_person(
    made: list[Recording], company: Company, login: Login, admin: User
) -> None:
    Recording.objects.filter(pk__in=[one.pk for one in made[2:5]]).update(
        created_at=Now() - 40 * DAY
    )
    set_retention(company=company, days=30, actor=admin)
    assert clean_all_recordings() == 0
    assert clean_all_recordings() == 0
    assert left(made) == [True] * 7
    assert login(admin).get(URL).json()["stopped"] == "too_many_by_time"
    assert Alert.objects.filter(resolved_at=None).count() == 1
    page = login(admin).get("/dashboard/recordings/retention").content.decode()
    assert "The cleanup is stopped." in page
    asked = {"confirmed": True, "before": login(admin).get(URL).json()["before"]}
    done = login(admin).post("/api/recordings/cleanup", asked, content_type="application/json")
    assert (done.json()["removed"], done.json()["stopped"]) == (5, None)
    assert not Alert.objects.filter(resolved_at=None).exists()
    # From then on it goes by itself, each night.
    Recording.objects.filter(deleted_at=None).update(created_at=Now() - 40 * DAY)
    RecordingRetention.objects.update(looked_at=Now() - DAY)
    assert clean_all_recordings() == 2


def test_other_days_end_a_stop(made: list[Recording], company: Company, admin: User) -> None:
    Recording.objects.update(created_at=Now() - 40 * DAY)
    set_retention(company=company, days=3, actor=admin)
    assert clean_all_recordings() == 0
    set_retention(company=company, days=300, actor=admin)
    assert RecordingRetention.objects.get().cleanup_stopped == ""
    assert left(made) == [True] * 7


def test_a_clock_that_was_ahead_stops_it(
    made: list[Recording], company: Company, admin: User
) -> None:
    set_retention(company=company, days=30, actor=admin)
    Recording.objects.filter(pk=made[6].pk).update(created_at=Now() + DAY)
    assert clean_all_recordings() == 0
    assert RecordingRetention.objects.get().cleanup_stopped == "clock_behind"
    Recording.objects.filter(pk=made[6].pk).update(created_at=Now())
    RecordingRetention.objects.update(looked_at=None)
    assert clean_all_recordings() == 2


def test_only_administrators_say_it(
    made: list[Recording], login: Login, viewer: User, operator: User, agent: User
) -> None:
    for user in (viewer, operator, agent):
        assert put(login(user), 1) == 403
        clean = login(user).post("/api/recordings/cleanup", {}, content_type="application/json")
        assert clean.status_code == 403
    assert login(viewer).get(URL).status_code == 200
    assert login(agent).get(URL).status_code == 403
    assert left(made) == [True] * 7


def test_the_page_removes_what_it_shows(
    made: list[Recording], company: Company, login: Login, admin: User
) -> None:
    client, page = login(admin), f"/dashboard/recordings/retention?company={company.pk}"
    assert client.post(page, {"act": "days", "days": "30"}).status_code == 302
    before = client.get(page).context["before"]
    # What expires after the look stays, though it is old enough by now.
    Recording.objects.filter(pk=made[1].pk).update(created_at=Now() - 30 * DAY)
    assert client.post(page, {"act": "clean", "before": before}).status_code == 302
    assert left(made) == [False] + [True] * 6
    assert client.post(page, {"act": "clean"}).status_code == 400
    assert client.get("/dashboard/recordings/retention?company=0").status_code == 404


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("recording", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_line_has_the_same_verbs(made: list[Recording], company: Company) -> None:
    assert '"days": null' in said("retention", "--company", company.name)
    assert '"count": 2' in said("retention", "--company", company.name, "--days", "30")
    assert f"{made[6].pk}\t7 B\t" in said("list")
    assert '"count": 2' in said("cleanup", "--company", company.name, "--dry-run")
    assert left(made) == [True] * 7
    assert '"count": 0' in said("cleanup", "--company", company.name)
    assert left(made) == [False] * 2 + [True] * 5
    said("delete", str(made[6].pk))
    assert left(made)[6] is False
    with pytest.raises(CommandError):
        said("retention", "--company", company.name, "--days", "soon")
