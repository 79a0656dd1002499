"""Genuine dumps from elsewhere come back whole, by a role that may nothing else."""

import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from access.models import AuditEntry, Company, User
from backups.models import Database
from monitoring.files.models import Step
from restores.received import places
from tests.backups.servers import TestServer, started_server
from tests.restores.received.dumps import EXPECTED, aged, dump, gzipped, restored, zstandard
from tests.restores.test_restore import databases, new_name

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]


@pytest.fixture
def target(server: TestServer, company: Company) -> Database:
    database = server.registered("postgres", company=company, name="shop")
    database.save()
    return database


def roles(server: TestServer) -> set[str]:
    with server.connect() as connection:
        return {row[0] for row in connection.execute("SELECT rolname FROM pg_roles").fetchall()}


def test_a_custom_dump_comes_back(target: Database, server: TestServer, operator: User) -> None:
    before, roles_before = databases(server), roles(server)
    with new_name(server) as name:
        restore = restored(target, operator, dump(17, "custom"), name)
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert (restore.tables, restore.rows) == (2, sum(EXPECTED.values()))
        assert restore.registered is not None
        steps = Step.objects.filter(stage__file=restore.file, stage__key="restore")
        said = list(steps.values_list("message", flat=True))
        # How many of them are written is a matter of speed.
        assert any(re.search(r"TABLE.* \(\d+/\d+\)$", one) for one in said), said
        assert databases(server) - before == {name}
        [owner] = roles(server) - roles_before
        assert owner.startswith("holdfast_o_")
        with server.connect(name) as connection:
            can = connection.execute(
                "SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolpassword IS NULL"
                " FROM pg_authid WHERE rolname = %s",
                [owner],
            ).fetchone()
            assert can == (False, False, False, False, True)
            owners = connection.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            assert owners == [(owner,)]
        done = AuditEntry.objects.exclude(action="secret.used").order_by("id")
        actions = list(done.values_list("action", flat=True))
        assert actions[-3:] == ["restore.file_received", "restore.requested", "restore.completed"]


# What is told apart here in the ordinary suite; all of them in the exhaustive one.
SOME = {("tar", 17, "gzip"), ("directory", 17, "zstd in age"), ("plain", 17, "gzip in gzip")}
PACKINGS: dict[str, list[Callable[[bytes], bytes]]] = {
    "bare": [],
    "gzip": [gzipped],
    "zstd": [zstandard],
    "age": [aged],
    "zstd in age": [zstandard, aged],
    "gzip in gzip": [gzipped, gzipped],
    "age in zstd": [aged, zstandard],
}


def cases() -> list[Any]:
    every = product(("custom", "tar", "directory", "plain"), (15, 17, 18), PACKINGS)
    return [
        pytest.param(
            *one, marks=() if one in SOME else pytest.mark.exhaustive, id="-".join(map(str, one))
        )
        for one in every
    ]


@pytest.mark.parametrize(("format_name", "major", "packing"), cases())
def test_a_genuine_dump_comes_back(
    target: Database,
    server: TestServer,
    admin: User,
    format_name: str,
    major: int,
    packing: str,
) -> None:
    body = dump(major, format_name)
    for pack in PACKINGS[packing]:
        body = pack(body)
    # An archive of a newer server needs one.
    there = started_server(max(major, 17))
    here = there.registered("postgres", company=target.company, name="there")
    here.save()
    with new_name(there) as name:
        restore = restored(here, admin, body, name, accept_plain_sql=format_name == "plain")
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert restore.received is not None
        found = restore.received.contents
        assert found["format"] == format_name
        assert found["tool_version"].startswith(str(major))
        assert len(found["layers"]) == len(PACKINGS[packing])
        with there.connect(name) as connection:
            row = connection.execute(
                "SELECT say(), twice(), lo_get(oid) FROM pg_largeobject_metadata"
            ).fetchone()
            assert row == ("a;b", 2, b"large")
        assert not list(places.folder().glob("work-*"))
