"""`?form=opened`: the archive inside, whole or broken off, for administrators alone."""

import hashlib
import http.client
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from access.models import AuditEntry, User
from access.policy import System
from access.tokens import create_token
from backups import keyring
from backups.errors import Corrupt
from backups.models import Backup, Database
from backups.opening import prepare_opened
from backups.services import request_backup
from storage.models import StoredObject
from tests.backups.test_api import is_problem
from tests.cast import Login
from tests.running import run_here
from tests.web import WebServer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]


@pytest.fixture
def made(database: Database, operator: User) -> Backup:
    options = {"tables": ["django_*", "access_*"]}
    backup = request_backup(database=database, options=options, actor=operator, trigger="manual")
    run_here(backup_id=backup.pk)
    backup.refresh_from_db()
    return backup


def address(backup: Backup) -> str:
    return f"/api/backup/download/{backup.pk}?form=opened"


def bytes_of(answer: Any) -> bytes:
    return b"".join(cast(Iterable[bytes], answer))


def path_of(backup: Backup) -> Path:
    stored = backup.stored_objects.get()
    return Path(stored.target.options["folder"]) / stored.key


def test_it_is_what_pg_restore_reads(
    made: Backup, tmp_path: Path, login: Login, admin: User
) -> None:
    answer = login(admin).get(address(made), headers={"Range": "bytes=0-5"})
    assert answer.status_code == 200
    body = bytes_of(answer)
    assert made.manifest is not None
    artifact = made.manifest["artifact"]
    assert hashlib.sha256(body).hexdigest() == artifact["plain_sha256"]
    assert answer["X-Checksum-SHA256"] == artifact["plain_sha256"]
    assert answer["Content-Length"] == str(len(body))
    assert answer["Accept-Ranges"] == "none"
    assert answer["Content-Disposition"].endswith('.dump"')
    assert body.startswith(b"PGDMP")
    [entry] = AuditEntry.objects.filter(action="backup.opened")
    assert (entry.actor, entry.object_id) == (admin, str(made.pk))


@pytest.mark.parametrize(
    ("who", "status"), [("operator", 403), ("viewer", 403), ("agent", 404), ("stranger", 404)]
)
def test_nobody_else_gets_it(
    who: str, status: int, made: Backup, login: Login, request: pytest.FixtureRequest
) -> None:
    is_problem(login(request.getfixturevalue(who)).get(address(made)), status)
    assert not AuditEntry.objects.filter(action="backup.opened").exists()


def test_another_form_is_none(made: Backup, login: Login, admin: User) -> None:
    path = f"/api/backup/download/{made.pk}?form=other"
    assert is_problem(login(admin).get(path), 400)["option"] == "form"


@pytest.fixture
def without_key() -> Iterator[None]:
    path = keyring.identity_path("installation")
    away = path.with_suffix(".away")
    path.rename(away)
    yield
    away.rename(path)


def test_without_a_key_it_is_a_conflict(
    made: Backup, without_key: None, login: Login, admin: User
) -> None:
    is_problem(login(admin).get(address(made)), 409, "key_missing")


def test_bytes_of_other_keys_are_a_conflict(made: Backup, login: Login, admin: User) -> None:
    assert made.manifest is not None
    for one in made.manifest["artifact"]["recipients"]:
        one["public"] = "age1other"
    Backup.objects.filter(pk=made.pk).update(manifest=made.manifest)
    is_problem(login(admin).get(address(made)), 409, "key_missing")


def damage(backup: Backup) -> None:
    """Near its end, behind the check of a moment ago."""
    body = bytearray(path_of(backup).read_bytes())
    body[-20] ^= 1
    path_of(backup).write_bytes(body)


def test_what_breaks_in_the_middle_never_ends_well(made: Backup, admin: User) -> None:
    opened = prepare_opened(backup=made, actor=admin)
    damage(made)
    got = b""
    with pytest.raises(Corrupt):
        for block in opened.blocks():
            got += block
    assert len(got) < opened.size


def test_other_bytes_than_were_dumped_never_end_well(made: Backup, admin: User) -> None:
    assert made.manifest is not None
    made.manifest["artifact"]["plain_sha256"] = "0" * 64
    with pytest.raises(Corrupt, match="dumped"):
        list(prepare_opened(backup=made, actor=admin).blocks())


def test_who_stops_reading_leaves_no_thread(made: Backup, admin: User) -> None:
    before = threading.active_count()
    blocks = prepare_opened(backup=made, actor=admin).blocks()
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]  # a generator
    assert threading.active_count() == before


@pytest.mark.exhaustive
def test_the_connection_breaks(made: Backup, admin: User, web_server: WebServer) -> None:
    """Over a real connection: whole with its length, or an error that no client overlooks."""
    token = create_token(user=admin, name="x", actor=System("cli"))
    headers = {"Authorization": f"Bearer {token}"}

    def fetch() -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", web_server.port, timeout=30)
        connection.request("GET", address(made), headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        return answer.read()

    assert fetch().startswith(b"PGDMP")
    damage(made)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        fetch()
    # Checked lately: it is the reading that found it. Later it is not given at all.
    StoredObject.objects.update(checked_at=None)
    with pytest.raises(AssertionError, match="422"):
        fetch()
