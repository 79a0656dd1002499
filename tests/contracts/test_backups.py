"""The documented API of backups, field by field, in both forms of each path."""

import re
import uuid
from typing import Any

import pytest

from access.models import User
from backups.models import Backup, Database
from monitoring.files.models import Stage
from tests.cast import Login, make_backup, make_running
from tests.choice import first_of
from tests.running import run_here

pytestmark = pytest.mark.django_db(transaction=True)

STATUSES = {"pending", "running", "completed", "failed", "cancelled"}
TRIGGERS = {"manual", "schedule", "api", "cli", "agent"}
VALIDATIONS = {"unchecked", "good", "partial", "proven", "corrupt", "missing"}
LEVELS = {None, "checksum", "content", "restore"}
FILE_NAME = re.compile(r"[A-Za-z0-9_-]+_\d{8}T\d{6}Z(_[A-Za-z0-9_-]+)?\.dump(\.zst)?\.age")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def is_backup(one: dict[str, Any]) -> None:
    """Each field of the contract is there, of its kind."""
    kinds: dict[str, Any] = {
        "id": str,
        "name": str,
        "file_name": str,
        "status": str,
        "created_at": str,
        "started_at": str | None,
        "completed_at": str | None,
        "created_by": str | None,
        "trigger": str,
        "options": dict,
        "size_bytes": int | None,
        "source_bytes": int | None,
        "sha256": str | None,
        "compression": str | None,
        "encrypted": bool,
        "copies": list,
        "server_version": str | None,
        "validation": dict,
        "error": dict | None,
        "database": dict,
    }
    for field, kind in kinds.items():
        assert field in one, field
        assert isinstance(one[field], kind), (field, one[field])
    assert str(uuid.UUID(one["id"])) == one["id"]
    assert set(one["database"]) == {"id", "name"}
    assert one["status"] in STATUSES
    assert one["trigger"] in TRIGGERS
    for field in ("created_at", "started_at", "completed_at"):
        assert one[field] is None or MOMENT.fullmatch(one[field]), one[field]
    for copy in one["copies"]:
        assert set(copy) == {"storage", "status", "checked_at"}
    assert set(one["validation"]) == {"status", "level", "checked_at", "detail"}
    assert one["validation"]["status"] in VALIDATIONS
    assert one["validation"]["level"] in LEVELS


@pytest.fixture(params=first_of("", "/"))
def slash(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def good(database: Database, login: Login, operator: User) -> dict[str, Any]:
    """A backup that was asked for by the API and made by a worker."""
    answer = login(operator).post(
        "/api/backup/create",
        {
            "database": "orders",
            "name": "before the move",
            "storages": ["vault"],
            "label": "move",
            "tables": ["access_company"],
        },
        content_type="application/json",
    )
    assert answer.status_code == 202
    asked: dict[str, Any] = answer.json()
    run_here(backup_id=uuid.UUID(asked["id"]))
    return asked


def test_create_answers_with_the_backup_as_it_waits(good: dict[str, Any]) -> None:
    is_backup(good)
    assert good["status"] == "pending"
    assert good["trigger"] == "api"
    assert good["created_by"] == "otto"
    assert good["name"] == "before the move"
    assert good["database"]["name"] == "orders"
    assert good["options"] == {"label": "move", "tables": ["access_company"]}
    assert (good["started_at"], good["completed_at"], good["sha256"]) == (None, None, None)
    assert good["copies"] == []
    assert good["validation"]["status"] == "unchecked"


def test_a_backup_that_is_good(
    good: dict[str, Any], slash: str, login: Login, viewer: User
) -> None:
    one = login(viewer).get(f"/api/backup/{good['id']}{slash}").json()
    is_backup(one)
    assert (one["status"], one["error"]) == ("completed", None)
    assert one["validation"]["status"] == "good"
    assert one["validation"]["level"] == "content"
    assert MOMENT.fullmatch(one["validation"]["checked_at"])
    assert FILE_NAME.fullmatch(one["file_name"]), one["file_name"]
    assert "_move." in one["file_name"]
    assert re.fullmatch(r"[0-9a-f]{64}", one["sha256"])
    assert one["size_bytes"] > 0
    assert one["source_bytes"] > 0
    assert one["compression"] == "zstd:3"
    assert one["encrypted"] is True
    assert one["server_version"].startswith("18")
    [copy] = one["copies"]
    assert (copy["storage"], copy["status"]) == ("vault", "stored")
    assert MOMENT.fullmatch(copy["checked_at"])


def test_list(good: dict[str, Any], slash: str, login: Login, viewer: User) -> None:
    page = login(viewer).get(f"/api/backup/list{slash}").json()
    assert set(page) == {"results", "next", "previous", "count"}
    [one] = page["results"]
    is_backup(one)
    assert one["id"] == good["id"]
    for query in (
        {"from": "2020-01-01", "to": "2999-01-01"},
        {"status": ["completed", "failed"]},
        {"database": "orders"},
        {"validation": "good"},
        {"search": "move"},
        {"ordering": "created_at"},
    ):
        found = login(viewer).get(f"/api/backup/list{slash}", query)
        assert len(found.json()["results"]) == 1, query


def test_status(good: dict[str, Any], slash: str, login: Login, viewer: User) -> None:
    one = login(viewer).get(f"/api/backup/status/{good['id']}{slash}").json()
    for field in (
        "status",
        "progress",
        "stages",
        "bytes_done",
        "bytes_total",
        "rate",
        "eta_seconds",
        "error",
    ):
        assert field in one
    assert (one["status"], one["progress"], one["error"]) == ("completed", 100.0, None)
    for stage in one["stages"]:
        assert {
            "id",
            "name",
            "description",
            "status",
            "startTime",
            "endTime",
            "steps",
            "progress",
        } <= set(stage)
        assert stage["status"] in set(Stage.Status.values)
        assert MOMENT.fullmatch(stage["startTime"])
        assert MOMENT.fullmatch(stage["endTime"])


def test_download(good: dict[str, Any], slash: str, login: Login, operator: User) -> None:
    answer = login(operator).get(f"/api/backup/download/{good['id']}{slash}")
    assert answer.status_code == 200
    stored = Backup.objects.get(pk=good["id"])
    assert answer["X-Checksum-SHA256"] == stored.sha256
    assert answer["Accept-Ranges"] == "bytes"
    assert stored.file_name in answer["Content-Disposition"]


def test_no_path_redirects_for_a_slash(good: dict[str, Any], login: Login, operator: User) -> None:
    client = login(operator)
    for path in ("list", good["id"], f"status/{good['id']}", f"download/{good['id']}", "create"):
        for slash in ("", "/"):
            status = client.get(f"/api/backup/{path}{slash}").status_code
            assert status == (405 if path == "create" else 200), path


def test_a_failure_has_a_code_and_a_sentence(
    database: Database, slash: str, login: Login, viewer: User
) -> None:
    failed = make_backup(
        database,
        status="failed",
        validation="unchecked",
        error_code="dump_failed",
        error="It broke.",
    )
    make_running(database)
    client = login(viewer)
    for path in (f"/api/backup/{failed.pk}", f"/api/backup/status/{failed.pk}"):
        error = client.get(path + slash).json()["error"]
        assert error == {"code": "dump_failed", "message": "It broke."}
    for one in client.get(f"/api/backup/list{slash}").json()["results"]:
        is_backup(one)


def test_validate(good: dict[str, Any], slash: str, login: Login, operator: User) -> None:
    path = f"/api/backup/validate/{good['id']}{slash}"
    answer = login(operator).post(path, data={}, content_type="application/json")
    assert answer.status_code == 202
    asked = answer.json()
    assert (asked["backup"], asked["level"], asked["status"]) == (good["id"], "content", "pending")
    told = login(operator).get(path).json()
    assert set(told["validation"]) == {"status", "level", "checked_at", "detail"}
    assert set(told["levels"]) == {"checksum", "content", "restore"}
