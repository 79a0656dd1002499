"""The documented API of file monitoring, field by field, in both forms of each path."""

import uuid

import pytest

from access.models import Company, User
from backups.models import Backup, Database
from backups.services import request_backup
from monitoring.files.courses import Failure
from monitoring.files.endings import end_badly
from monitoring.files.journal import Journal
from monitoring.files.models import LogLine, Stage, Step, TrackedFile
from monitoring.files.services import open_file
from monitoring.files.stages import STAGES, Kind
from tests.cast import Login
from tests.choice import first_of
from tests.contracts.file_shapes import LINE, STANDARD_STAGES, are_moments, has, is_file
from tests.files import add_lines, add_steps, make_file, make_files
from tests.running import run_here

pytestmark = pytest.mark.django_db


@pytest.fixture(params=first_of("", "/"))
def slash(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def files(company: Company) -> list[TrackedFile]:
    """One of each state, oldest first."""
    return make_files(
        company,
        [
            {"status": "completed", "progress": 100, "kind": "upload", "origin": "upload"},
            {"status": "failed", "error": "It broke.", "progress": 42.0},
            {"status": "processing", "progress": 43.43, "name": "/srv/in/orders.dump"},
            {"status": "queued", "kind": "restore", "origin": "google_drive"},
        ],
    )


@pytest.fixture
def running(files: list[TrackedFile]) -> TrackedFile:
    """The one at work: half way through its dump, with steps and a log."""
    file = files[2]
    stage = file.stages.get(key="dump")
    stage.status = Stage.Status.IN_PROGRESS
    stage.progress = 62.04
    stage.started_at = file.started_at
    stage.save()
    Step.objects.create(stage=stage, status="completed", message="sales.orders", duration=1.5)
    Step.objects.create(stage=stage, status="in_progress", message="sales.lines", details="9 rows")
    LogLine.objects.create(file=file, message="dumping", source="pg_dump")
    LogLine.objects.create(file=file, message="slow", level="warning", source="holdfast")
    return file


def test_the_lists(
    running: TrackedFile, files: list[TrackedFile], slash: str, login: Login, viewer: User
) -> None:
    body = login(viewer).get(f"/api/file_monitoring{slash}").json()
    assert set(body) == {"activeFiles", "recentlyCompleted", "recentlyFailed"}
    for one in [*body["activeFiles"], *body["recentlyCompleted"], *body["recentlyFailed"]]:
        is_file(one)
        assert "logs" not in one
    assert [one["status"] for one in body["activeFiles"]] == ["processing", "queued"]
    assert [one["fileId"] for one in body["recentlyCompleted"]] == [str(files[0].pk)]
    assert [one["fileId"] for one in body["recentlyFailed"]] == [str(files[1].pk)]


def test_one_at_work(running: TrackedFile, slash: str, login: Login, viewer: User) -> None:
    one = login(viewer).get(f"/api/file_monitoring/{running.pk}{slash}").json()
    is_file(one)
    assert one["fileId"] == str(running.pk)
    assert one["fileName"] == "orders.dump"
    assert one["originalPath"] == "postgresql://db/orders"
    assert (one["sourceType"], one["origin"]) == ("local", "database")
    assert one["createdAt"] == "2026-01-01T12:02:00Z"
    assert one["startedAt"] == "2026-01-01T12:02:01Z"
    assert (one["completedAt"], one["error"]) == (None, None)
    assert (one["overallProgress"], one["currentStage"]) == (43.4, "dump")
    dump, store, *_rest = one["stages"]
    assert (dump["status"], dump["progress"]) == ("in_progress", 62.0)
    assert (dump["startTime"], dump["endTime"]) == ("2026-01-01T12:02:01Z", None)
    assert (store["status"], store["startTime"], store["steps"]) == ("pending", None, [])
    first, second = dump["steps"]
    assert (first["message"], first["status"]) == ("sales.orders", "completed")
    assert (first["details"], first["duration"]) == (None, 1.5)
    assert (second["details"], second["duration"]) == ("9 rows", None)
    assert first["id"] != second["id"]


def test_its_log_ends_with_the_newest_line(
    running: TrackedFile, slash: str, login: Login, viewer: User
) -> None:
    logs = login(viewer).get(f"/api/file_monitoring/{running.pk}{slash}").json()["logs"]
    for line in logs:
        has(line, LINE)
        are_moments(line["timestamp"])
    assert [(line["message"], line["level"], line["source"]) for line in logs] == [
        ("dumping", "info", "pg_dump"),
        ("slow", "warning", "holdfast"),
    ]


@pytest.mark.parametrize("kind", Kind.values)
def test_the_standard_stages(kind: str, company: Company, login: Login, viewer: User) -> None:
    file = make_file(company, kind=kind)
    one = login(viewer).get(f"/api/file_monitoring/{file.pk}").json()
    assert [stage["id"] for stage in one["stages"]] == STANDARD_STAGES[kind]
    assert all(stage["name"] and stage["description"] for stage in one["stages"])
    assert sum(stage.weight for stage in STAGES[kind]) == 100


@pytest.mark.parametrize(
    ("origin", "source_type"),
    [
        ("database", "local"),
        ("stored", "local"),
        ("local", "local"),
        ("google_drive", "google_drive"),
        ("upload", "upload"),
        ("url", "upload"),
        ("s3", "upload"),
        ("media", "upload"),
    ],
)
def test_three_source_types_and_the_exact_origin(
    origin: str, source_type: str, company: Company, login: Login, viewer: User
) -> None:
    file = make_file(company, origin=origin)
    one = login(viewer).get(f"/api/file_monitoring/{file.pk}").json()
    assert (one["sourceType"], one["origin"]) == (source_type, origin)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("orders.dump", "orders.dump"),
        ("/srv/backups/orders.dump", "orders.dump"),
        ("C:\\backups\\orders.dump", "orders.dump"),
        ("../../etc/passwd", "passwd"),
        ("folder/", "folder"),
        ("before: the move", "before: the move"),
    ],
)
def test_the_file_name_is_never_a_path(
    name: str, shown: str, company: Company, login: Login, viewer: User
) -> None:
    file = make_file(company, name=name)
    assert login(viewer).get(f"/api/file_monitoring/{file.pk}").json()["fileName"] == shown


def test_a_failure_has_a_sentence_and_an_end(
    files: list[TrackedFile], login: Login, viewer: User
) -> None:
    one = login(viewer).get(f"/api/file_monitoring/{files[1].pk}").json()
    assert (one["status"], one["error"]) == ("failed", "It broke.")
    assert one["completedAt"] == "2026-01-01T12:01:30Z"
    assert one["overallProgress"] == 42
    assert one["currentStage"] is None


def test_a_cancelled_one_is_failed_and_says_by_whom(
    company: Company, login: Login, viewer: User
) -> None:
    file = make_file(company, status="failed", error="cancelled by otto", cancelled_by="otto")
    one = login(viewer).get(f"/api/file_monitoring/{file.pk}").json()
    assert (one["status"], one["error"]) == ("failed", "cancelled by otto")
    assert one["completedAt"] is not None


@pytest.mark.parametrize(
    ("status", "progress", "shown"),
    [
        ("completed", 100, 100),
        ("processing", 99.99, 99.9),
        ("failed", 100, 99.9),
        ("queued", 0, 0),
    ],
)
def test_a_hundred_percent_only_when_completed(
    status: str, progress: float, shown: float, company: Company, login: Login, viewer: User
) -> None:
    file = make_file(company, status=status, progress=progress)
    one = login(viewer).get(f"/api/file_monitoring/{file.pk}").json()
    assert one["overallProgress"] == shown


def test_the_latest_50_steps_in_lists_and_1000_in_the_detail(
    running: TrackedFile, login: Login, viewer: User
) -> None:
    add_steps(running.stages.get(key="dump"), 1100)
    client = login(viewer)
    [listed] = [
        one
        for one in client.get("/api/file_monitoring").json()["activeFiles"]
        if one["fileId"] == str(running.pk)
    ]
    of_list = listed["stages"][0]["steps"]
    detail = client.get(f"/api/file_monitoring/{running.pk}").json()["stages"][0]["steps"]
    assert (len(of_list), of_list[0]["message"], of_list[-1]["message"]) == (
        50,
        "step 1050",
        "step 1099",
    )
    assert (len(detail), detail[0]["message"]) == (1000, "step 100")
    assert of_list == detail[-50:]


def test_the_log_pages_back(company: Company, login: Login, viewer: User) -> None:
    file = make_file(company)
    add_lines(file, 1200)
    client, path = login(viewer), f"/api/file_monitoring/{file.pk}"
    newest = client.get(path).json()["logs"]
    assert [newest[0]["message"], newest[-1]["message"]] == ["line 700", "line 1199"]
    assert len(newest) == 500
    query = {"logs_limit": "300", "logs_before": newest[0]["id"]}
    before = client.get(path, query).json()["logs"]
    assert [before[0]["message"], before[-1]["message"]] == ["line 400", "line 699"]
    query = {"logs_limit": "5000", "logs_before": before[0]["id"]}
    first = client.get(path, query).json()["logs"]
    assert [line["message"] for line in first] == [f"line {number}" for number in range(400)]
    assert client.get(path, {"logs_before": first[0]["id"]}).json()["logs"] == []


def test_no_path_redirects_and_unknown_ids_are_not_found(
    running: TrackedFile, slash: str, login: Login, viewer: User
) -> None:
    client = login(viewer)
    assert client.get(f"/api/file_monitoring{slash}").status_code == 200
    assert client.get(f"/api/file_monitoring/{running.pk}{slash}").status_code == 200
    for unknown in (uuid.UUID(int=5), "not-an-id", "0"):
        answer = client.get(f"/api/file_monitoring/{unknown}{slash}")
        assert answer.status_code == 404, unknown
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"


def test_no_secret_is_shown_of_those_that_were_told(
    company: Company, login: Login, viewer: User
) -> None:
    file = open_file(
        kind="backup",
        company=company,
        name="orders",
        original_path="https://otto:hunter2@host/orders.dump?token=hunter2&x=1",
        origin="url",
    )
    journal = Journal()
    journal.stage = "dump"
    journal.begin_step("asking with password=hunter2")
    journal.say("postgresql://otto:hunter2@db/orders refused", source="pg_dump")
    journal.write(file)
    failure = Failure("connection_failed", "api_key: hunter2 was refused")
    end_badly(file=file, failure=failure)
    answer = login(viewer).get(f"/api/file_monitoring/{file.pk}")
    assert answer.json()["originalPath"].startswith("https://otto:")
    assert len(answer.json()["logs"]) == 2
    assert len(answer.json()["stages"][0]["steps"]) == 1
    assert answer.json()["error"]
    assert "hunter2" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_real_backup_is_told_from_its_first_to_its_last_stage(
    database: Database, login: Login, operator: User
) -> None:
    backup = request_backup(
        database=database,
        options={"tables": ["access_company"]},
        actor=operator,
        trigger=Backup.Trigger.API,
    )
    assert backup.file is not None
    client, path = login(operator), f"/api/file_monitoring/{backup.file.pk}"
    waiting = client.get(path).json()
    is_file(waiting)
    assert (waiting["status"], waiting["overallProgress"]) == ("queued", 0)
    run_here(backup_id=backup.pk)
    one = client.get(path).json()
    is_file(one)
    assert (one["status"], one["overallProgress"]) == ("completed", 100)
    assert (one["error"], one["currentStage"]) == (None, None)
    assert one["createdAt"] <= one["startedAt"] <= one["completedAt"]
    assert Backup.objects.get(pk=backup.pk).file_name.startswith(one["fileName"])
    for stage in one["stages"]:
        assert (stage["status"], stage["progress"]) == ("completed", 100)
        assert stage["startTime"] <= stage["endTime"]
    steps = [step for stage in one["stages"] for step in stage["steps"]]
    assert any("access_company" in step["message"] for step in steps)
    assert {step["status"] for step in steps} == {"completed"}
    assert one["logs"]
    for line in one["logs"]:
        has(line, LINE)
    listed = client.get("/api/file_monitoring", {"kind": "backup"}).json()["recentlyCompleted"]
    assert [file["fileId"] for file in listed] == [one["fileId"]]
