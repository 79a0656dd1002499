"""The API of backups: each role, each filter, each way to ask wrongly."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from access.models import User
from access.policy import System
from access.tokens import create_token
from backups.cursors import Cursor, encode_cursor
from backups.models import Backup, Database
from storage.models import StorageTarget
from tests.cast import Login, make_backup, make_running

pytestmark = pytest.mark.django_db
CREATE, LIST = "/api/backup/create", "/api/backup/list"
UNKNOWN = str(uuid.UUID(int=7))


def is_problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert {"type", "title", "code", "detail"} <= set(body)
    assert body["detail"]
    if code is not None:
        assert body["code"] == code
    return body


def post(client: Client, body: Any, path: str = CREATE, **more: Any) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post(path, text, content_type="application/json", **more)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("operator", 202),
        ("admin", 202),
        ("superuser", 202),
        ("viewer", 403),
        ("agent", 403),
        ("stranger", 404),
    ],
)
def test_who_may_create(
    who: str, status: int, database: Database, login: Login, request: pytest.FixtureRequest
) -> None:
    answer = post(login(request.getfixturevalue(who)), {"database": "orders"})
    if status == 202:
        assert answer.status_code == 202, answer.content
        assert answer["Location"].endswith(f"/api/backup/{answer.json()['id']}")
        assert answer.json()["trigger"] == "api"
        assert OrmQ.objects.count() == 1
    else:
        is_problem(answer, status)
        assert not Backup.objects.exists()


@pytest.mark.parametrize("path", [CREATE, CREATE + "/"])
def test_both_forms_of_the_path_create(
    path: str, database: Database, login: Login, operator: User
) -> None:
    answer = post(login(operator), {"database": str(database.pk)}, path)
    assert answer.status_code == 202


def test_a_token_creates_without_a_cookie(database: Database, operator: User) -> None:
    token = create_token(user=operator, name="x", actor=System("cli"))
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})
    assert post(client, {"database": "orders", "name": "by hand"}).json()["name"] == "by hand"


def test_a_cookie_alone_needs_the_form_token(database: Database, operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    is_problem(post(client, {"database": "orders"}), 403)


def test_a_second_one_is_a_conflict_unless_forced(
    database: Database, login: Login, operator: User
) -> None:
    client = login(operator)
    assert post(client, {"database": "orders"}).status_code == 202
    body = is_problem(post(client, {"database": "orders"}), 409, "already_running")
    assert "force" in body["cure"]
    assert post(client, {"database": "orders", "force": True}).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '"text"',
        "null",
        "5",
        "NaN",
        '{"database": "orders", "comment": "\\ud800"}',
        '{"\\ud800": 1, "database": "orders"}',
        b'{"database": "\xff\xfe"}',
        "[" * 100_000,
        '{"a":' * 50_000,
        {},
        {"database": None},
        {"database": 5},
        {"database": ["orders"]},
        {"database": ""},
        {"database": "orders", "name": 5},
        {"database": "orders", "name": "x" * 201},
        {"database": "orders", "name": "a\0b"},
        {"database": "orders", "force": "yes"},
        {"database": "orders", "force": 1},
        {"database": "orders", "storage": 5},
        {"database": "orders", "storages": "vault"},
        {"database": "orders", "storages": []},
        {"database": "orders", "storages": ["vault", "other"]},
        {"database": "orders", "storages": [5]},
    ],
)
def test_a_body_that_cannot_be_used_is_a_bad_request(
    body: Any, database: Database, login: Login, operator: User
) -> None:
    is_problem(post(login(operator), body), 400)
    assert not Backup.objects.exists()


BAD_OPTIONS: list[tuple[str, Any]] = [
    ("no_such_option", 1),
    ("--file", "/etc/passwd"),
    ("x" * 5000, 1),
    ("trigger", "schedule"),
    ("password", "x"),
    ("format", "plain"),
    ("format", None),
    ("format", ["custom"]),
    ("encrypt", False),
    ("jobs", 4),
    ("jobs", 10**30),
    ("include_globals", True),
    ("schema_only", "true"),
    ("schema_only", 1),
    ("data_only", None),
    ("no_owner", []),
    ("schemas", "public"),
    ("schemas", {"a": 1}),
    ("schemas", [5]),
    ("schemas", [""]),
    ("schemas", [" "]),
    ("tables", ["a\0b"]),
    ("tables", ["a\nb"]),
    ("tables", ["x" * 201]),
    ("tables", ["x"] * 501),
    ("tables", [["x"]]),
    ("tables", [None]),
    ("exclude_tables", None),
    ("compression", "gzip"),
    ("compression", 0),
    ("compression", 20),
    ("compression", -1),
    ("compression", 3.5),
    ("compression", True),
    ("compression", {"method": "gzip"}),
    ("compression", {"level": 99}),
    ("compression", {"method": ["zstd"]}),
    ("compression", {"level": 3, "extra": 1}),
    ("compression", [3]),
    ("compression_level", "3"),
    ("label", "a b"),
    ("label", "../x"),
    ("label", "-x"),
    ("label", "x" * 41),
    ("label", 5),
    ("label", "a\n"),
    ("comment", 5),
    ("comment", "x" * 2001),
    ("comment", "a\0b"),
]


def test_an_option_that_cannot_be_is_named(
    database: Database, login: Login, operator: User, settings: Any
) -> None:
    token = create_token(user=operator, name="x", actor=System("cli"))
    client = Client(headers={"Authorization": f"Bearer {token}"})
    for count, (option, value) in enumerate(BAD_OPTIONS):
        if count % 25 == 0:
            # Thirty requests a minute are let through.
            settings.CACHES = {
                "default": {**settings.CACHES["default"], "KEY_PREFIX": uuid.uuid4().hex}
            }
        body = is_problem(post(client, {"database": "orders", option: value}), 400, "bad_option")
        assert body["option"] in (option[:60], "compression"), option
        assert len(body["detail"]) < 300
    assert not Backup.objects.exists()


def test_options_that_exclude_each_other_are_refused(
    database: Database, login: Login, operator: User
) -> None:
    body = {"database": "orders", "schema_only": True, "data_only": True}
    is_problem(post(login(operator), body), 400, "bad_option")


def test_options_that_can_be_are_kept(database: Database, login: Login, operator: User) -> None:
    options: dict[str, Any] = {
        "schemas": ["public", "s.t", "a'b\"c", "☃"],
        "tables": ["x*"],
        "exclude_table_data": ["log_*"],
        "no_owner": True,
        "compression": {"method": "zstd", "level": 9},
        "label": "nightly-1",
        "comment": "Straße\n☃",
        "format": "custom",
        "encrypt": True,
    }
    body = post(login(operator), {"database": "orders", "storages": ["vault"], **options}).json()
    assert body["label"] == "nightly-1"
    assert body["comment"] == "Straße\n☃"
    assert body["options"]["schemas"] == options["schemas"]
    assert body["options"]["compression_level"] == 9
    assert "format" not in body["options"]


@pytest.mark.parametrize("ref", ["nothing", UNKNOWN, "a\0b", "x" * 5000, "' OR 1=1 --"])
def test_an_unknown_database_or_storage_is_not_found(
    ref: str, database: Database, login: Login, operator: User
) -> None:
    client = login(operator)
    is_problem(post(client, {"database": ref}), 404, "not_found")
    is_problem(post(client, {"database": "orders", "storage": ref}), 404, "not_found")


def test_a_server_that_is_away_is_named(database: Database, login: Login, operator: User) -> None:
    Database.objects.update(host="/nonexistent")
    body = is_problem(post(login(operator), {"database": "orders"}), 422, "connection_failed")
    assert body["cure"]
    Database.objects.update(password_sealed="k0:AAAA")
    is_problem(post(login(operator), {"database": "orders"}), 409, "secret_unreadable")


def test_too_many_requests_are_told_so(database: Database, login: Login, operator: User) -> None:
    client = login(operator)
    # A new minute may begin meanwhile, and with it a new count.
    statuses = [post(client, {}).status_code for _ in range(64)]
    assert statuses[0] == 400
    assert 429 in statuses
    answer = next(one for one in (post(client, {}) for _ in range(64)) if one.status_code == 429)
    is_problem(answer, 429, "throttled")
    assert int(answer["Retry-After"]) > 0


def test_without_redis_backups_are_made_all_the_same(
    database: Database, login: Login, operator: User, settings: Any
) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "unix:///nonexistent/redis.sock"}
    }
    assert post(login(operator), {"database": "orders"}).status_code == 202


@pytest.mark.parametrize("method", ["put", "patch", "delete", "get"])
def test_a_method_that_is_not_there_is_named(method: str, login: Login, operator: User) -> None:
    answer = getattr(login(operator), method)(CREATE)
    is_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


def test_another_kind_of_body_is_refused(login: Login, operator: User) -> None:
    is_problem(login(operator).post(CREATE, {"database": "orders"}), 415)


@pytest.mark.parametrize(
    ("who", "status", "count"),
    [
        ("viewer", 200, 1),
        ("operator", 200, 1),
        ("admin", 200, 1),
        ("superuser", 200, 1),
        ("stranger", 200, 0),
        ("agent", 403, 0),
    ],
)
def test_who_reads_what(
    who: str,
    status: int,
    count: int,
    database: Database,
    login: Login,
    request: pytest.FixtureRequest,
) -> None:
    backup = make_backup(database)
    client = login(request.getfixturevalue(who))
    answer = client.get(LIST)
    assert answer.status_code == status
    if status == 200:
        assert len(answer.json()["results"]) == count
    for path in (f"/api/backup/{backup.pk}", f"/api/backup/status/{backup.pk}"):
        answer = client.get(path)
        missing = client.get(path.replace(str(backup.pk), UNKNOWN))
        is_problem(missing, 404, "not_found")
        if count:
            assert answer.json()["id"] == str(backup.pk)
        else:
            assert answer.content == missing.content


def test_filters(database: Database, login: Login, viewer: User) -> None:
    other = Database.objects.create(
        company=database.company, name="other", host="h", database_name="d", username="u"
    )
    good = make_backup(database, age=timedelta(days=3), label="weekly")
    failed = make_backup(other, age=timedelta(days=1), status="failed", validation="unchecked")
    running = make_running(database)
    client = login(viewer)

    def found(**query: Any) -> list[str]:
        answer = client.get(LIST, query)
        assert answer.status_code == 200, answer.content
        return [one["id"] for one in answer.json()["results"]]

    ids = [str(one.pk) for one in (running, failed, good)]
    assert found() == ids
    assert found(ordering="created_at") == ids[::-1]
    assert found(status="failed") == ids[1:2]
    assert found(status=["failed", "completed"]) == ids[1:]
    assert found(validation="good") == ids[2:]
    assert found(database="other") == ids[1:2]
    assert found(database=str(other.pk)) == ids[1:2]
    assert found(search="WEEKL") == ids[2:]
    assert found(search="%") == []
    assert found(search="a\0b") == []
    day = good.created_at.date().isoformat()
    assert found(**{"from": day, "to": day}) == ids[2:]
    assert found(to="9999-12-31", **{"from": "0001-01-01"}) == ids
    assert found(to="0001-01-01") == []
    assert found(database="nothing") == []


@pytest.mark.parametrize(
    "query",
    [
        {"status": "no"},
        {"validation": "no"},
        {"ordering": "password"},
        {"ordering": "-size_bytes"},
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "201"},
        {"limit": "x"},
        {"limit": "²"},
        {"limit": "1" * 5000},
        {"limit": "0" * 9 + "1" * 5000},
        {"limit": ""},
        {"cursor": "x"},
        {"cursor": "☃"},
        {"cursor": "a\0b"},
        {"cursor": "W10"},
        {"cursor": "bnVsbA"},
        {"cursor": "WzFlNDAwLCAieCIsIDFd"},
        {"cursor": "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMCwgIngiLCAxXQ"},
        {"cursor": "WzEsIDUsIDFd"},
        {"cursor": "A" * 10_000},
    ],
)
def test_a_question_that_makes_no_sense_is_a_bad_request(
    query: dict[str, str], login: Login, viewer: User
) -> None:
    body = is_problem(login(viewer).get(LIST, query), 400, "bad_option")
    assert body["option"] in query


def test_a_cursor_at_the_end_of_time_is_no_trouble(login: Login, viewer: User) -> None:
    for year in (1, 9999):
        for backwards in (True, False):
            moment = datetime(year, 1, 1, tzinfo=UTC)
            cursor = encode_cursor(Cursor(moment, uuid.UUID(int=1), backwards))
            assert login(viewer).get(LIST, {"cursor": cursor}).status_code == 200


@pytest.mark.parametrize("ordering", ["-created_at", "created_at"])
def test_pages_forward_and_back_leave_nothing_out(
    ordering: str, database: Database, login: Login, viewer: User
) -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    for number in range(7):
        backup = make_backup(database)
        # Most of one and the same moment.
        created = moment + timedelta(seconds=number // 6)
        Backup.objects.filter(pk=backup.pk).update(created_at=created)
    client = login(viewer)
    whole = [one["id"] for one in client.get(LIST, {"ordering": ordering}).json()["results"]]

    address: str | None = f"{LIST}?limit=2&ordering={ordering}&status=completed"
    pages, seen = [], []
    while address:
        seen.append(address)
        page = client.get(address).json()
        pages.append([one["id"] for one in page["results"]])
        address = page["next"]
        assert len(seen) < 10
    assert [one for page in pages for one in page] == whole
    assert [len(one) for one in pages] == [2, 2, 2, 1]
    back = []
    address = page["previous"]
    while address:
        page = client.get(address).json()
        back.append([one["id"] for one in page["results"]])
        address = page["previous"]
        assert "status=completed" in (page["next"] or "")
    assert back == pages[-2::-1]


def test_a_long_list_asks_the_database_a_few_times_only(
    database: Database,
    login: Login,
    viewer: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(200):
        make_backup(database, created_by=viewer)
    client = login(viewer)
    with django_assert_max_num_queries(9):
        answer = client.get(LIST, {"limit": "200"})
    assert len(answer.json()["results"]) == 200
    assert answer.json()["next"] is None


def test_a_running_one_says_how_far_it_is(database: Database, login: Login, viewer: User) -> None:
    status = login(viewer).get(f"/api/backup/status/{make_running(database).pk}").json()
    assert (status["status"], status["progress"]) == ("running", 43.4)
    assert status["bytes_done"] == 7_900_000_000
    assert status["bytes_total"] == 12_800_000_000
    assert status["rate"] > 0
    assert status["eta_seconds"] >= 0
    assert [one["id"] for one in status["stages"]] == ["dump", "store", "validate", "finalize"]
    assert status["stages"][0]["status"] == "in_progress"


@pytest.mark.parametrize("name", ["no-id", "0" * 32 + "-" * 4, "-" * 36, "0" * 40, "..%2f", "%00"])
def test_what_is_no_id_is_not_found(name: str, login: Login, viewer: User) -> None:
    for kind in ("", "status/", "download/"):
        assert login(viewer).get(f"/api/backup/{kind}{name}").status_code == 404


def test_a_storage_of_another_company_is_not_found(
    database: Database, login: Login, operator: User, stranger: User
) -> None:
    company = stranger.memberships.get().company
    StorageTarget.objects.create(company=company, name="theirs", options={"folder": "/tmp/x"})
    is_problem(post(login(operator), {"database": "orders", "storage": "theirs"}), 404)
