"""Downloads: the very bytes, in whole and in part, checked first; a touched file is not given."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from django.utils import timezone

from access.models import AuditEntry, User
from backups.models import Backup, Database, LevelResult
from storage.models import StorageTarget, StoredObject
from storage.services import Written, put_stream, register_object
from tests.backups.test_api import is_problem
from tests.cast import Login, make_backup, make_running
from tests.choice import first_of

pytestmark = [
    pytest.mark.django_db,
    # The server streams asynchronously; the test's client does not.
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]
BODY = bytes(range(256)) * 9000
SIZE = len(BODY)
SHA = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def backup(database: Database, storage_target: StorageTarget) -> Backup:
    """A completed backup with bytes that were checked a moment ago."""
    written: Written = put_stream(
        target=storage_target, key="orders/x.dump.age", fill=lambda sink: _write(sink)
    )
    stored = register_object(target=storage_target, key="orders/x.dump.age", written=written)
    StoredObject.objects.update(checked_at=timezone.now())
    backup = make_backup(database, size_bytes=SIZE, sha256=SHA, file_name="x.dump.age")
    backup.stored_objects.add(stored)
    return backup


def _write(sink: Any) -> None:
    sink.write(BODY)


def path_of(backup: Backup) -> Path:
    stored = backup.stored_objects.get()
    return Path(stored.target.options["folder"]) / stored.key


def address(backup: Backup) -> str:
    return f"/api/backup/download/{backup.pk}"


def bytes_of(answer: Any) -> bytes:
    return b"".join(cast(Iterable[bytes], answer))


def grow_old() -> None:
    StoredObject.objects.update(checked_at=timezone.now() - timedelta(days=2))


@pytest.mark.parametrize("slash", first_of("", "/"))
def test_the_bytes_are_those_that_were_stored(
    slash: str, backup: Backup, login: Login, operator: User
) -> None:
    answer = login(operator).get(address(backup) + slash, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert bytes_of(answer) == BODY
    assert answer["Content-Length"] == str(SIZE)
    assert answer["X-Checksum-SHA256"] == SHA
    assert answer["ETag"] == f'"{SHA}"'
    digest = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert answer["Repr-Digest"] == f"sha-256=:{digest}:"
    assert answer["Content-Disposition"] == 'attachment; filename="x.dump.age"'
    assert answer["Cache-Control"] == "private, no-store"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.object_id) == (
        "backup.downloaded",
        operator,
        str(backup.pk),
    )


@pytest.mark.parametrize(
    ("who", "status"),
    [("operator", 200), ("admin", 200), ("viewer", 403), ("agent", 404), ("stranger", 404)],
)
def test_who_gets_them(
    who: str, status: int, backup: Backup, login: Login, request: pytest.FixtureRequest
) -> None:
    answer = login(request.getfixturevalue(who)).get(address(backup))
    assert answer.status_code == status
    assert AuditEntry.objects.exists() is (status == 200)


@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=-1", SIZE - 1, SIZE),
        ("bytes=-500", SIZE - 500, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=5-{SIZE * 9}", 5, SIZE),
        ("bytes=1048575-1048577", 1048575, 1048578),
    ],
)
def test_a_part(
    wanted: str, first: int, end: int, backup: Backup, login: Login, operator: User
) -> None:
    for headers in ({"Range": wanted}, {"Range": wanted, "If-Range": f'"{SHA}"'}):
        answer = login(operator).get(address(backup), headers=headers)
        assert answer.status_code == 206
        assert bytes_of(answer) == BODY[first:end]
        assert answer["Content-Length"] == str(end - first)
        assert answer["Content-Range"] == f"bytes {first}-{end - 1}/{SIZE}"
        assert answer["X-Checksum-SHA256"] == SHA


@pytest.mark.parametrize("wanted", [f"bytes={SIZE}-", f"bytes={SIZE + 5}-{SIZE + 9}", "bytes=-0"])
def test_a_part_beyond_the_end_cannot_be_had(
    wanted: str, backup: Backup, login: Login, operator: User
) -> None:
    answer = login(operator).get(address(backup), headers={"Range": wanted})
    assert answer.status_code == 416
    assert answer["Content-Range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "wanted",
    ["bytes=-", "bytes", "bytes=a-b", "items=0-5", "bytes=0-1,3-4", "bytes=" + "9" * 5000 + "-"],
)
def test_a_range_that_is_none_gives_the_whole(
    wanted: str, backup: Backup, login: Login, operator: User
) -> None:
    answer = login(operator).get(address(backup), headers={"Range": wanted})
    assert answer.status_code == 200
    assert answer["Content-Length"] == str(SIZE)


def test_a_part_of_other_bytes_gives_the_whole(
    backup: Backup, login: Login, operator: User
) -> None:
    headers = {"Range": "bytes=0-5", "If-Range": '"another"'}
    assert login(operator).get(address(backup), headers=headers).status_code == 200


def test_bytes_not_checked_lately_are_checked_first(
    backup: Backup, login: Login, operator: User
) -> None:
    grow_old()
    assert bytes_of(login(operator).get(address(backup))) == BODY
    checked = backup.stored_objects.get().checked_at
    assert checked is not None
    assert timezone.now() - checked < timedelta(minutes=5)


@pytest.mark.parametrize("damage", ["flip", "cut", "grow"])
def test_touched_bytes_are_not_given(
    damage: str, backup: Backup, login: Login, operator: User
) -> None:
    touched = {"flip": b"X" + BODY[1:], "cut": BODY[:-1], "grow": BODY + b"x"}[damage]
    path_of(backup).write_bytes(touched)
    grow_old()
    client = login(operator)
    # The second time as well, though it was looked at a moment ago.
    for _ in range(2):
        is_problem(client.get(address(backup)), 422, "corrupt")
        backup.refresh_from_db()
        assert backup.validation == Backup.Validation.CORRUPT
        assert backup.validation_detail
        assert backup.stored_objects.get().state == StoredObject.State.CORRUPT
    assert set(LevelResult.objects.values_list("level", "passed")) == {("checksum", False)}
    assert AuditEntry.objects.get().action == "copy.lost"


@pytest.mark.parametrize("old", [True, False])
def test_a_missing_file_is_recorded(
    old: bool, backup: Backup, login: Login, operator: User
) -> None:
    path_of(backup).unlink()
    if old:
        grow_old()
    is_problem(login(operator).get(address(backup)), 409, "missing")
    backup.refresh_from_db()
    assert backup.validation == Backup.Validation.MISSING
    assert backup.stored_objects.get().state == StoredObject.State.MISSING
    assert AuditEntry.objects.get().action == "copy.lost"


def test_a_storage_that_is_away_condemns_nothing(
    backup: Backup, login: Login, operator: User
) -> None:
    folder = path_of(backup).parent
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("a letter")
    is_problem(login(operator).get(address(backup)), 409, "storage_unavailable")
    backup.refresh_from_db()
    assert backup.validation == Backup.Validation.GOOD


def test_what_is_not_done_is_not_ready(database: Database, login: Login, operator: User) -> None:
    for backup in (
        make_running(database),
        make_backup(database),
        make_backup(database, status="failed"),
    ):
        is_problem(login(operator).get(address(backup)), 409, "not_ready")
