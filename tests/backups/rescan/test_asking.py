"""A rescan asked for over the API and on the command line."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access.models import User
from backups.models import Backup
from storage.models import StorageTarget
from tests.backups.rescan.conftest import Manifest, lay
from tests.cast import Login

pytestmark = pytest.mark.django_db


def on_command_line(*words: str) -> tuple[int, str]:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("backup", "rescan", *words, stdout=out)
    assert isinstance(ended.value.code, int)
    return ended.value.code, out.getvalue()


def test_over_the_api_it_is_a_dry_run_unless_said_otherwise(
    login: Login, admin: User, storage_target: StorageTarget, manifest: Manifest
) -> None:
    lay(storage_target, manifest)
    ask = login(admin).post
    path = f"/api/storages/{storage_target.pk}/rescan"
    dry = ask(path, content_type="application/json")
    assert dry.status_code == 200
    assert dry.json()["dry_run"] is True
    assert dry.json()["counts"]["found"] == 1
    assert not Backup.objects.exists()
    real = ask(path, {"dry_run": False, "check": True}, content_type="application/json").json()
    assert (real["counts"]["found"], real["checks"], real["complete"]) == (1, 1, True)
    assert real["findings"][0]["backup"] == manifest["backup"]
    assert Backup.objects.count() == 1
    refused = ask(path, {"force": True}, content_type="application/json")
    assert refused.status_code == 400


def test_who_may_not(
    login: Login, operator: User, stranger: User, storage_target: StorageTarget
) -> None:
    path = f"/api/storages/{storage_target.pk}/rescan"
    assert login(operator).post(path).status_code == 403
    assert login(stranger).post(path).status_code == 404


def test_a_place_that_is_away_is_said(
    login: Login, admin: User, storage_target: StorageTarget
) -> None:
    storage_target.options = {"folder": ""}
    storage_target.save()
    path = f"/api/storages/{storage_target.pk}/rescan"
    answer = login(admin).post(path, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (409, "storage_unavailable")


def test_on_the_command_line(storage_target: StorageTarget, manifest: Manifest) -> None:
    key = lay(storage_target, manifest)
    code, said = on_command_line("vault", "--dry-run")
    assert code == 0
    assert key in said
    assert "dry run" in said
    code, said = on_command_line(str(storage_target.pk), "--json")
    found: dict[str, Any] = json.loads(said)
    assert (code, found["counts"]["found"]) == (0, 1)
    code, said = on_command_line("vault")
    assert (code, said.splitlines()) == (0, ["Known, and as recorded: 1", "Nothing to do."])
    Backup.objects.update(sha256="")
    Backup.objects.get().stored_objects.update(sha256="1" * 64)
    code, said = on_command_line("vault")
    assert code == 5
    assert "sha256" in said


def test_a_storage_that_is_not_there(storage_target: StorageTarget) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("backup", "rescan", "elsewhere")
    assert refused.value.returncode == 3


def test_in_the_admin(
    login: Login, admin: User, storage_target: StorageTarget, manifest: Manifest
) -> None:
    lay(storage_target, manifest)
    for action, count in (("rescan_dry", 0), ("rescan_now", 1)):
        body = {"action": action, "_selected_action": [str(storage_target.pk)]}
        shown = login(admin).post("/admin/storage/storagetarget/", body, follow=True)
        assert "Was not known: 1" in shown.content.decode()
        assert Backup.objects.count() == count
