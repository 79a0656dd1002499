"""Databases, storages and schedules: who may what, what can be, and what is never shown."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from access.models import AuditEntry, Company, User
from backups.models import Backup, BackupSchedule, Database
from storage.models import StorageTarget
from tests.backups.test_api import is_problem
from tests.cast import Login, make_backup
from tests.choice import first_of

pytestmark = pytest.mark.django_db
DATABASE = {"name": "billing", "host": "h", "database_name": "d", "username": "u"}
STORAGE = {"name": "attic", "folder": "/tmp/attic"}
SCHEDULE = {"name": "nightly", "database": "orders", "cron": "0 3 * * *"}
UNKNOWN = str(uuid.UUID(int=7))


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    more = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(client, method)(path, **more)


def things(database: Database, target: StorageTarget, schedule: BackupSchedule) -> dict[str, str]:
    return {
        "/api/databases": str(database.pk),
        "/api/storages": str(target.pk),
        "/api/schedules": str(schedule.pk),
    }


@pytest.mark.parametrize("slash", first_of("", "/"))
@pytest.mark.parametrize(
    ("who", "reads", "tests", "writes"),
    [
        ("viewer", 200, 403, 403),
        ("operator", 200, 200, 403),
        ("admin", 200, 200, 200),
        ("agent", 404, 404, 404),
        ("stranger", 404, 404, 404),
    ],
)
def test_who_may_what(
    slash: str,
    who: str,
    reads: int,
    tests: int,
    writes: int,
    database: Database,
    storage_target: StorageTarget,
    schedule: BackupSchedule,
    login: Login,
    request: pytest.FixtureRequest,
) -> None:
    client = login(request.getfixturevalue(who))
    schedule.storages.add(storage_target)
    for where, pk in things(database, storage_target, schedule).items():
        assert client.get(f"{where}/{pk}{slash}").status_code == reads
        assert send(client, "post", f"{where}/{pk}/test{slash}").status_code == tests, where
        changed = send(client, "patch", f"{where}/{pk}{slash}", {"name": "other"})
        assert changed.status_code == writes, changed.content
        if writes != 200:
            is_problem(client.delete(f"{where}/{pk}{slash}?confirm=orders"), writes)
        listed = client.get(where + slash)
        if who == "agent":
            is_problem(listed, 403)
        else:
            assert set(listed.json()) == {"results", "next", "previous", "count"}
            assert listed.json()["count"] == (0 if who == "stranger" else 1)


@pytest.mark.parametrize(
    ("who", "status"), [("admin", 201), ("operator", 403), ("viewer", 403), ("agent", 403)]
)
def test_who_may_create(
    who: str, status: int, database: Database, login: Login, request: pytest.FixtureRequest
) -> None:
    client = login(request.getfixturevalue(who))
    bodies = {"databases": DATABASE, "storages": STORAGE, "schedules": SCHEDULE}
    for kind, body in bodies.items():
        answer = send(client, "post", f"/api/{kind}", body)
        assert answer.status_code == status, answer.content
        if status == 201:
            found = answer.json()
            assert answer["Location"].endswith(f"/api/{kind}/{found['id']}")
            assert client.get(f"/api/{kind}/{found['id']}").json() == found
            assert send(client, "post", f"/api/{kind}", body).status_code == 400
    created = AuditEntry.objects.filter(action__endswith=".created").count()
    assert created == (3 if status == 201 else 0)


def test_a_password_is_written_and_never_shown(
    database: Database, login: Login, admin: User
) -> None:
    client = login(admin)
    answer = send(client, "post", "/api/databases", {**DATABASE, "password": "pa55word-x"})
    found = answer.json()
    assert found["has_password"] is True
    row = Database.objects.get(pk=found["id"])
    assert row.password == "pa55word-x"
    texts = [answer.content, client.get("/api/databases").content]
    texts.append(client.get(f"/api/databases/{row.pk}").content)
    assert not any(b"pa55word-x" in text or row.password_sealed.encode() in text for text in texts)
    assert "pa55word-x" not in str(list(AuditEntry.objects.values("changes")))


def test_a_stored_password_is_not_sent_elsewhere(
    database: Database, login: Login, admin: User
) -> None:
    client, where = login(admin), f"/api/databases/{database.pk}"
    is_problem(send(client, "patch", where, {"host": "evil.example"}), 400)
    body = {"host": "db2.example", "password": "another"}
    assert send(client, "patch", where, body).json()["host"] == "db2.example"
    assert send(client, "patch", where, {"drill_every": 7}).json()["drill_every"] == 7


def test_which_company_has_to_be_clear(login: Login, admin: User, superuser: User) -> None:
    other = Company.objects.create(name="Other")
    client = login(superuser)
    assert is_problem(send(client, "post", "/api/databases", DATABASE), 400)["option"] == "company"
    for count, ref in enumerate(("Other", str(other.pk))):
        body = {**DATABASE, "name": f"x{count}", "company": ref}
        assert send(client, "post", "/api/databases", body).json()["company"]["name"] == "Other"
    is_problem(send(login(admin), "post", "/api/databases", {**DATABASE, "company": "Other"}), 400)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("databases", {"name": ""}),
    ("databases", {"name": 5}),
    ("databases", {"name": "x" * 101}),
    ("databases", {"name": "a\0"}),
    ("databases", {"port": "5432"}),
    ("databases", {"port": 0}),
    ("databases", {"port": 70000}),
    ("databases", {"port": True}),
    ("databases", {"tls_mode": "maybe"}),
    ("databases", {"password": "a\nb"}),
    ("databases", {"engine": "oracle"}),
    ("databases", {"drill_every": -1}),
    ("databases", {"drill_every": 2**31}),
    ("databases", {"no_such": 1}),
    ("databases", {"host": None}),
    ("storages", {"folder": "relative"}),
    ("storages", {"folder": ""}),
    ("storages", {"folder": "/a\0b"}),
    ("storages", {"kind": "s3"}),
    ("storages", {"is_default": "yes"}),
    ("schedules", {"cron": "0 3 * *"}),
    ("schedules", {"cron": "60 3 * * *"}),
    ("schedules", {"cron": "0 3 30 2 *"}),
    ("schedules", {"cron": "@daily"}),
    ("schedules", {"cron": "0 3 * * mo"}),
    ("schedules", {"cron": "5-1 3 * * *"}),
    ("schedules", {"cron": "*/0 3 * * *"}),
    ("schedules", {"cron": "\uff10 3 * * *"}),
    ("schedules", {"cron": None}),
    ("schedules", {"interval_minutes": 5}),
    ("schedules", {"time_zone": "Mars/Olympus"}),
    ("schedules", {"time_zone": "../etc/passwd"}),
    ("schedules", {"options": {"no_such": 1}}),
    ("schedules", {"options": []}),
    ("schedules", {"retention": {}}),
    ("schedules", {"retention": {"last": 0}}),
    ("schedules", {"retention": {"last": -1}}),
    ("schedules", {"retention": {"ever": 1}}),
    ("schedules", {"retention": 5}),
    ("schedules", {"storages": "vault"}),
    ("schedules", {"storages": [5]}),
    ("schedules", {"enabled": None}),
]


@pytest.mark.parametrize(("kind", "change"), BAD)
def test_what_cannot_be(
    kind: str, change: dict[str, Any], database: Database, login: Login, admin: User
) -> None:
    whole = {"databases": DATABASE, "storages": STORAGE, "schedules": SCHEDULE}[kind]
    is_problem(send(login(admin), "post", f"/api/{kind}", {**whole, **change}), 400)
    assert not AuditEntry.objects.exists()


def test_one_storage_is_the_default(
    storage_target: StorageTarget, login: Login, admin: User
) -> None:
    client = login(admin)
    made = send(client, "post", "/api/storages", {**STORAGE, "is_default": True}).json()
    storage_target.refresh_from_db()
    assert (made["is_default"], storage_target.is_default) == (True, False)
    assert made["options"] == {"folder": "/tmp/attic"}
    where = f"/api/storages/{made['id']}"
    is_problem(send(client, "patch", where, {"folder": "/elsewhere"}), 400)
    assert client.delete(where).status_code == 204
    # Its name is free again.
    assert send(client, "post", "/api/storages", STORAGE).status_code == 201


def test_a_storage_that_holds_something_stays(
    database: Database, storage_target: StorageTarget, login: Login, admin: User
) -> None:
    make_backup(database, status="pending", validation="unchecked")
    is_problem(login(admin).delete(f"/api/storages/{storage_target.pk}"), 409, "in_use")


def test_a_storage_that_is_away_says_so(
    storage_target: StorageTarget, tmp_path: Path, login: Login, operator: User
) -> None:
    letter = tmp_path / "letter"
    letter.write_text("x")
    StorageTarget.objects.update(options={"folder": str(letter)})
    answer = login(operator).post(f"/api/storages/{storage_target.pk}/test")
    is_problem(answer, 409, "storage_unavailable")


def test_a_database_that_is_away_says_so(database: Database, login: Login, admin: User) -> None:
    Database.objects.update(host="127.0.0.1", port=1)
    answer = login(admin).post(f"/api/databases/{database.pk}/test")
    assert is_problem(answer, 422, "connection_failed")["cure"]


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_no_address_answers_in_the_apis_words(method: str, login: Login, viewer: User) -> None:
    for path in (
        "/api/",
        "/api/no%0Athing",
        "/api/nothing",
        f"/api/databases/{UNKNOWN}",
        "/api/databases/x",
    ):
        if method == "post" and UNKNOWN in path:
            continue
        is_problem(send(login(viewer), method, path, {} if method == "patch" else None), 404)
    is_problem(Client().get("/api/nothing"), 401)


def test_a_cleanup_removes_what_its_preview_named(
    database: Database, login: Login, admin: User, operator: User
) -> None:
    client = login(admin)
    made = [make_backup(database, age=timedelta(days=day, hours=1)) for day in range(4)]
    where = f"/api/databases/{database.pk}"
    assert client.get(f"{where}/cleanup").json()["goes"] == []
    changed = send(client, "patch", where, {"retention": {"last": 2}}).json()
    assert changed["retention"]["last"] == 2
    preview = client.get(f"{where}/cleanup").json()
    assert [one["id"] for one in preview["goes"]] == [str(one.pk) for one in made[2:]]
    assert preview["stays"][0]["why"] == ["last", "newest_good", "newest_whole"]
    named = {"named": [str(made[3].pk)]}
    is_problem(send(login(operator), "post", f"{where}/cleanup", named), 403)
    assert send(client, "post", f"{where}/cleanup", named).json()["removed"] == named["named"]
    assert Backup.objects.count() == 3
