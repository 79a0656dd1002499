"""The API of backups: each role, each filter, each way to ask wrongly."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django_q.models import OrmQ

from access.models import User
from access.policy import System
from access.tokens import create_token
from backups.models import Backup, Database
from storage.models import StorageTarget
from tests.cast import Login

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
    ("include_globals", "true"),
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


def test_a_storage_of_another_company_is_not_found(
    database: Database, login: Login, operator: User, stranger: User
) -> None:
    company = stranger.memberships.get().company
    StorageTarget.objects.create(company=company, name="theirs", options={"folder": "/tmp/x"})
    is_problem(post(login(operator), {"database": "orders", "storage": "theirs"}), 404)
