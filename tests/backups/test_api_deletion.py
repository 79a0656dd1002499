"""Changing and deleting backups and databases: what may go, what never does, and in which order."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access.models import AuditEntry, User
from backups.consistency import find_disagreements
from backups.deletion import finish_deletions
from backups.manifest import SUFFIX
from backups.models import Backup, BackupSchedule, Check, Database
from monitoring.events.models import Event
from storage.models import StorageTarget, StoredObject
from storage.services import put_stream, register_object
from tests.backups.test_api import is_problem
from tests.cast import Login, make_backup, make_running
from tests.choice import first_of
from tests.faults.worker import files_in

pytestmark = pytest.mark.django_db


def stored_backup(database: Database, name: str, **facts: Any) -> Backup:
    """A completed backup with bytes and a manifest."""
    target = StorageTarget.objects.get(company=database.company)
    key = f"orders/{name}/{name}.dump.age"
    written = put_stream(target=target, key=key, fill=lambda sink: _write(sink, name))
    put_stream(target=target, key=key + SUFFIX, fill=lambda sink: _write(sink, "{}"))
    backup = make_backup(database, file_name=f"{name}.dump.age", sha256=written.sha256, **facts)
    assert backup.file is not None
    backup.file.status = "completed"
    backup.file.save()
    backup.stored_objects.add(register_object(target=target, key=key, written=written))
    # It was not told of its end, as by a run it would have been.
    Event.objects.all().delete()
    return backup


def _write(sink: Any, text: str) -> None:
    sink.write(text.encode())


@pytest.fixture
def three(database: Database) -> list[Backup]:
    """Oldest first; the first is proven, the last is the newest good one."""
    ages = (72, 48, 24)
    return [
        stored_backup(database, f"b{age}", age=timedelta(hours=age), validation=found)
        for age, found in zip(ages, ("proven", "good", "good"), strict=True)
    ]


def path(backup: Backup) -> str:
    return f"/api/backup/{backup.pk}"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("admin", 204),
        ("superuser", 204),
        ("operator", 403),
        ("viewer", 403),
        ("agent", 404),
        ("stranger", 404),
    ],
)
def test_who_may_delete(
    who: str, status: int, three: list[Backup], login: Login, request: pytest.FixtureRequest
) -> None:
    answer = login(request.getfixturevalue(who)).delete(path(three[1]))
    assert answer.status_code == status
    assert Backup.objects.filter(pk=three[1].pk).exists() is (status != 204)
    assert AuditEntry.objects.filter(action="backup.deleted").exists() is (status == 204)


@pytest.mark.parametrize("slash", first_of("", "/"))
def test_a_deleted_backup_is_a_tombstone(
    slash: str, three: list[Backup], storage_target: StorageTarget, login: Login, admin: User
) -> None:
    client = login(admin)
    assert client.delete(path(three[1]) + slash).status_code == 204
    gone = Backup.every.get(pk=three[1].pk)
    assert gone.deleted_at is not None
    assert gone.purged_at is not None
    assert gone.stored_objects.get().state == StoredObject.State.DELETED
    assert len(files_in(storage_target)) == 4
    is_problem(client.get(path(gone)), 404, "not_found")
    is_problem(client.delete(path(gone)), 404, "not_found")
    listed = client.get("/api/backup/list").json()["results"]
    assert {one["id"] for one in listed} == {str(three[0].pk), str(three[2].pk)}
    entry = AuditEntry.objects.get(action="backup.deleted")
    assert (entry.actor, entry.object_id) == (admin, str(gone.pk))
    assert find_disagreements() == []


@pytest.mark.parametrize("force", ["", "?force=true"])
def test_the_newest_good_and_the_newest_proven_stay(
    force: str, three: list[Backup], storage_target: StorageTarget, login: Login, superuser: User
) -> None:
    client = login(superuser)
    for protected in (three[0], three[2]):
        is_problem(client.delete(path(protected) + force), 409, "protected")
    assert len(files_in(storage_target)) == 6


def test_a_part_does_not_stand_for_the_whole(
    three: list[Backup], database: Database, login: Login, admin: User
) -> None:
    part = stored_backup(database, "part", age=timedelta(hours=1), options={"tables": ["a"]})
    for protected in (part, three[2]):
        is_problem(login(admin).delete(path(protected)), 409, "protected")


def test_a_corrupt_newer_one_does_not_free_the_good_one(
    three: list[Backup], database: Database, login: Login, admin: User
) -> None:
    corrupt = stored_backup(database, "bad", age=timedelta(hours=1), validation="corrupt")
    client = login(admin)
    is_problem(client.delete(path(three[2])), 409, "protected")
    assert client.delete(path(corrupt)).status_code == 204


def test_force_overrides_a_pin_and_no_hold(three: list[Backup], login: Login, admin: User) -> None:
    client = login(admin)
    Backup.objects.filter(pk=three[1].pk).update(pinned=True, held=True)
    is_problem(client.delete(path(three[1]) + "?force=true"), 409, "held")
    Backup.objects.filter(pk=three[1].pk).update(held=False)
    is_problem(client.delete(path(three[1])), 409, "pinned")
    is_problem(client.delete(path(three[1]) + "?force=1"), 400, "bad_option")
    assert client.delete(path(three[1]) + "?force=true").status_code == 204


def test_what_is_at_work_is_not_deleted(
    three: list[Backup], database: Database, login: Login, admin: User
) -> None:
    is_problem(login(admin).delete(path(make_running(database))), 409, "not_ready")
    Check.objects.create(company=database.company, backup=three[1], level="content")
    is_problem(login(admin).delete(path(three[1])), 409, "not_ready")


@pytest.fixture
def away(storage_target: StorageTarget) -> Iterator[Path]:
    """A storage whose folder is something else for a while."""
    folder = Path(storage_target.options["folder"])
    kept = folder.with_name(f"{folder.name}-kept")
    folder.rename(kept)
    folder.write_text("a letter")
    yield folder
    if folder.is_file():
        folder.unlink()
        kept.rename(folder)


def test_with_the_storage_away_the_tick_finishes(
    three: list[Backup], away: Path, storage_target: StorageTarget, login: Login, admin: User
) -> None:
    assert login(admin).delete(path(three[1])).status_code == 204
    assert finish_deletions() == 0
    away.unlink()
    away.with_name(f"{away.name}-kept").rename(away)
    assert len(files_in(storage_target)) == 6
    assert finish_deletions() == 1
    assert len(files_in(storage_target)) == 4
    assert finish_deletions() == 0
    assert find_disagreements() == []


def patch(client: Any, where: str, body: Any) -> Any:
    return client.patch(where, body, content_type="application/json")


def test_a_label_a_comment_and_a_pin_are_changed(
    three: list[Backup], login: Login, operator: User
) -> None:
    body = {"label": "kept", "comment": "before the move", "pinned": True}
    answer = patch(login(operator), path(three[0]), body)
    assert answer.status_code == 200
    assert {key: answer.json()[key] for key in body} == body
    assert answer.json()["file_name"] == three[0].file_name
    entry = AuditEntry.objects.get(action="backup.changed")
    assert entry.changes["before"] == {"label": "", "comment": "", "pinned": False}
    assert entry.changes["after"] == body


@pytest.mark.parametrize(
    ("who", "status"), [("operator", 200), ("viewer", 403), ("agent", 404), ("stranger", 404)]
)
def test_who_may_change(
    who: str, status: int, three: list[Backup], login: Login, request: pytest.FixtureRequest
) -> None:
    user = request.getfixturevalue(who)
    assert patch(login(user), path(three[0]), {"pinned": True}).status_code == status


def test_only_an_administrator_sets_a_legal_hold(
    three: list[Backup], login: Login, operator: User, admin: User
) -> None:
    is_problem(patch(login(operator), path(three[0]), {"held": True}), 403, "not_allowed")
    assert patch(login(admin), path(three[0]), {"held": True}).json()["held"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"label": "a b"},
        {"label": "x" * 41},
        {"label": None},
        {"label": 5},
        {"comment": "x" * 2001},
        {"comment": "a\0"},
        {"pinned": "yes"},
        {"pinned": 1},
        {"pinned": None},
        {"status": "completed"},
        {"sha256": ""},
        [],
        5,
    ],
)
def test_changes_that_cannot_be(
    body: Any, three: list[Backup], login: Login, operator: User
) -> None:
    is_problem(patch(login(operator), path(three[0]), body), 400)
    assert not AuditEntry.objects.exists()


def test_a_database_goes_with_all_of_its_backups(
    three: list[Backup],
    database: Database,
    storage_target: StorageTarget,
    login: Login,
    admin: User,
) -> None:
    BackupSchedule.objects.create(
        company=database.company, database=database, name="x", interval_minutes=60
    )
    where, client = f"/api/databases/{database.pk}", login(admin)
    for wrong in ("", "?confirm=", "?confirm=order"):
        assert is_problem(client.delete(where + wrong), 400)["option"] == "confirm"
    Backup.objects.filter(pk=three[0].pk).update(held=True)
    is_problem(client.delete(where + "?confirm=orders"), 409, "held")
    Backup.objects.update(held=False)
    assert client.delete(where + "?confirm=orders").status_code == 204
    assert files_in(storage_target) == []
    is_problem(client.get(where), 404)
    assert not BackupSchedule.objects.exists()
    gone = Database.every.get(pk=database.pk)
    assert gone.password_sealed == ""
    # Its name is free again.
    body = {"name": "orders", "host": "h", "database_name": "d", "username": "u"}
    assert client.post("/api/databases", body, content_type="application/json").status_code == 201


def test_an_operator_deletes_no_database(
    database: Database, login: Login, operator: User, stranger: User
) -> None:
    where = f"/api/databases/{database.pk}?confirm=orders"
    is_problem(login(operator).delete(where), 403)
    is_problem(login(stranger).delete(where), 404)
