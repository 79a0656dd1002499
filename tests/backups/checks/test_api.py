"""`/api/backup/validate/ID`, cancelling a check, and `manage.py backup validate`."""

import io
import json
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from access.models import User
from backups.models import Backup, Check
from tests.backups.checks.conftest import MakeBackup, check_here
from tests.cast import Login
from tests.choice import first_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("checks")]


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, data=json.dumps(body), content_type="application/json")


def command(*arguments: str) -> tuple[int, Any]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("backup", *arguments, "--json", stdout=out)
    code = ended.value.code
    return int(code or 0), json.loads(out.getvalue())


@pytest.mark.parametrize("slash", first_of("", "/"))
def test_a_check_is_asked_for_and_told_by_level(
    backed_up: MakeBackup, login: Login, operator: User, viewer: User, slash: str
) -> None:
    with backed_up(drill_every=0) as backup:
        path = f"/api/backup/validate/{backup.pk}{slash}"
        answer = post(login(operator), path, level="restore")
        assert answer.status_code == 202
        asked = answer.json()
        assert (asked["level"], asked["status"], asked["outcome"]) == ("restore", "pending", None)
        assert post(login(operator), path).json()["code"] == "already_running"
        check_here(Check.objects.get(pk=asked["id"]))
        told = login(viewer).get(path).json()
        assert told["validation"]["status"] == "proven"
        assert {level: found["passed"] for level, found in told["levels"].items()} == {
            "checksum": True,
            "content": True,
            "restore": True,
        }
        assert told["check"]["id"] == asked["id"]
        assert told["check"]["outcome"] == "proven"
        assert told["check"]["restore_seconds"] > 0
        assert login(viewer).get(f"/api/file_monitoring/{asked['file']}").status_code == 200


def test_who_and_what_is_refused(
    backed_up: MakeBackup, login: Login, operator: User, viewer: User, stranger: User
) -> None:
    with backed_up(drill_every=0) as backup:
        path = f"/api/backup/validate/{backup.pk}"
        assert post(login(viewer), path).status_code == 403
        assert post(login(stranger), path).status_code == 404
        assert post(Client(), path).status_code == 401
        assert post(login(operator), f"/api/backup/validate/{uuid.uuid4()}").status_code == 404
        for body in ({"level": "wishful"}, {"level": 3}, {"jobs": 2}):
            answer = post(login(operator), path, **body)
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_option"), body
        assert not backup.checks.exists()


@pytest.mark.exhaustive
def test_a_check_is_cancelled_as_a_backup_is(
    backed_up: MakeBackup, login: Login, operator: User, viewer: User
) -> None:
    with backed_up() as backup:
        path = f"/api/backup/cancel/{backup.pk}"
        assert post(login(viewer), path).status_code == 403
        assert post(login(operator), path).status_code == 202
        assert backup.checks.get().status == "cancelled"
        backup.refresh_from_db()
        assert (backup.status, backup.validation) == ("completed", "good")
        assert post(login(operator), path).json()["code"] == "not_ready"


@pytest.mark.exhaustive
def test_the_command_line(backed_up: MakeBackup) -> None:
    with backed_up(drill_every=0) as backup:
        code, answer = command("validate", str(backup.pk), "--level", "restore", "--no-wait")
        assert (code, answer["level"], answer["status"]) == (0, "restore", "pending")
        code, answer = command("validate", str(backup.pk))
        assert (code, answer["error"]["code"]) == (4, "already_running")
        code, answer = command("cancel", str(backup.pk))
        assert (code, answer["status"]) == (0, "cancelled")
        code, answer = command("validate", "--all", "--no-wait")
        assert (code, [one["level"] for one in answer["results"]]) == (0, ["content"])
        assert command("validate")[0] == 2
        assert command("validate", str(uuid.uuid4()))[0] == 3


@pytest.mark.exhaustive
def test_the_command_line_tells_what_was_found(
    backed_up: MakeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit status 5 for a backup that did not pass."""

    def worker(check: Check, *, quiet: bool) -> None:
        assert quiet
        check_here(check)

    monkeypatch.setattr("backups.cli.validate.follow_file", worker)
    with backed_up(drill_every=0) as backup:
        code, answer = command("validate", str(backup.pk))
        assert (code, answer["outcome"]) == (0, "good")
        Backup.objects.filter(pk=backup.pk).update(sha256="0" * 64)
        stored = backup.stored_objects.get()
        type(stored).objects.filter(pk=stored.pk).update(sha256="0" * 64)
        code, answer = command("validate", str(backup.pk))
        assert (code, answer["outcome"]) == (5, "corrupt")
