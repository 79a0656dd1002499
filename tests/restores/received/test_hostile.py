"""Hostile files are refused by name or contained, and the target server is as it was."""

from pathlib import Path
from typing import Any

import pytest

from access.models import User
from backups.errors import BackupError
from backups.models import Database
from restores.models import Restore
from restores.received import places
from tests.backups.servers import TestServer
from tests.restores.received.cases import Case
from tests.restores.received.dumps import restored
from tests.restores.received.hostile import every_case
from tests.restores.received.test_restoring import roles, target
from tests.restores.test_restore import databases, new_name

__all__ = ["target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]

ALWAYS = {
    "custom cut at 900",
    r"psql \! touch /tmp/holdfast-was-here",
    "sql COPY customers FROM PROGRAM 'id';",
    "server DO $$ BEGIN EXECUTE 'COPY pg_class TO PROGRAM ''id'''; END $$;",
    "begin atomic hides a command",
    "copy cut, with a trailer among the rows",
    "a symbolic link",
    "a toc that names other files",
    "zstd in gzip of zeros",
    "huge number of items",
}


def cases() -> list[Any]:
    found = every_case()
    assert {one.name for one in found} >= ALWAYS
    return [
        pytest.param(one, marks=() if one.name in ALWAYS else pytest.mark.exhaustive, id=one.name)
        for one in found
    ]


def test_there_are_fifty() -> None:
    """Besides those that are merely cut, and those of `test_hostile_archives`."""
    assert len({one.name for one in every_case() if " cut at " not in one.name}) >= 50


@pytest.mark.parametrize("hostile", cases())
def test_a_hostile_file(target: Database, server: TestServer, admin: User, hostile: Case) -> None:
    body = hostile.make()
    before = databases(server), roles(server)
    with new_name(server) as name:
        code, said = code_of(target, admin, body, name)
        assert code in hostile.codes, (code, said)
        assert hostile.says in said
        assert (databases(server), roles(server)) == before
    assert not list(places.folder().glob("work-*"))
    assert not Path("/tmp/holdfast-was-here").exists()


def code_of(target: Database, admin: User, body: bytes, name: str) -> tuple[str, str]:
    """What it is refused for, at the latest when it is restored."""
    try:
        restore = restored(target, admin, body, name, accept_plain_sql=True)
    except BackupError as error:
        return error.code, str(error)
    assert restore.status == Restore.Status.FAILED
    return restore.error_code, restore.error
