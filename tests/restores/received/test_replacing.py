"""A file from elsewhere in place of a database: beside it first, and swapped like a backup."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from psycopg import sql

from access.models import Company, User
from access.reauthentication import SESSION_KEY
from access.roles import Role
from backups.errors import BadOption
from backups.models import Database
from config.tick import run_once
from restores.kept.asking import confirm_restore, undo_restore
from restores.models import Restore
from restores.received import places
from restores.received.models import ReceivedFile
from restores.received.services import expire_files
from restores.replacing.approval import approve_restore
from restores.replacing.wanted import Replacement
from restores.requesting import look_first, request_restore
from tests.backups.servers import TestServer
from tests.cast import PASSWORD, Login, person
from tests.restores.received.dumps import EXPECTED, dump, outside, wish
from tests.restores.received.test_owners import OWNER, owner, owners_in
from tests.restores.received.test_pages import PAGE
from tests.restores.received.test_restoring import roles, target
from tests.restores.replacing.shop import carry_out_errand
from tests.restores.test_api import post
from tests.restores.test_restore import databases, restore_here

__all__ = ["owner", "target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]


@contextmanager
def shop(server: TestServer, company: Company) -> Iterator[Database]:
    """Registered, with rows of its own. What is kept of it is dropped, too."""
    before = databases(server)
    with server.database("CREATE TABLE old (n int)", "INSERT INTO old VALUES (1)") as made:
        name = made.database_name
        server.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 7")
        here = server.registered(name, company=company, name="orders")
        here.save()
        yield here
        for other in databases(server) - before - {name}:
            server.execute(f"DROP DATABASE {other} WITH (FORCE)")


def asked(
    here: Database, actor: User, body: bytes, *, role: str = OWNER, **changes: Any
) -> Restore:
    name = here.database_name
    source = outside(here.company, actor, body)
    wanted = Replacement(**{"confirm": name, "safety_backup": False, **changes})
    options = wish(here, source, name, keep_owners=False, role=role)
    return request_restore(wish=replace(options, replacement=wanted), actor=actor)


def has_table(server: TestServer, database: str, table: str) -> bool:
    with server.connect(database) as connection:
        row = connection.execute(
            sql.SQL("SELECT to_regclass({}) IS NOT NULL").format(sql.Literal(table))
        ).fetchone()
        return bool(row and row[0])


def test_it_takes_the_place_and_gives_it_back(
    target: Database, server: TestServer, operator: User, admin: User
) -> None:
    with shop(server, target.company) as here:
        name, before = here.database_name, roles(server)
        with pytest.raises(BadOption):
            asked(here, operator, dump(17, "custom"), confirm=name[:-1])
        restore = restore_here(asked(here, operator, dump(17, "custom")))
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.counted == EXPECTED
        assert restore.registered == here
        assert has_table(server, name, "customers")
        assert has_table(server, restore.kept_name, "old")
        # The tables are the chosen role's; the database itself is as it was.
        assert owners_in(server, name) == {OWNER, "postgres"}
        assert roles(server) == before
        with server.connect() as connection:
            row = connection.execute(
                "SELECT datconnlimit FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
            assert row == (7,)
        undo_restore(restore=restore, actor=admin)
        restore = carry_out_errand(restore)
        assert (restore.status, restore.errand_error) == ("undone", "")
        assert has_table(server, name, "old")
        assert has_table(server, restore.kept_name, "customers")


@pytest.mark.exhaustive
def test_what_cannot_be_given_leaves_the_target_as_it_was(
    target: Database, server: TestServer, operator: User
) -> None:
    with shop(server, target.company) as here:
        before = databases(server), roles(server)
        restore = asked(here, operator, dump(17, "directory"))
        server.execute(f"ALTER ROLE {OWNER} CREATEROLE")
        try:
            restore = restore_here(restore)
        finally:
            server.execute(f"ALTER ROLE {OWNER} NOCREATEROLE")
        assert (restore.status, restore.error_code) == ("failed", "properties_lost")
        assert (databases(server), roles(server)) == before
        assert has_table(server, here.database_name, "old")


@pytest.mark.exhaustive
def test_a_protected_one_waits_for_another_administrator(
    target: Database, server: TestServer, operator: User, admin: User, company: Company
) -> None:
    other, before = person("bea", company, Role.ADMIN), roles(server)
    with shop(server, company) as here:
        Database.objects.filter(pk=here.pk).update(protected=True)
        source = outside(company, operator, dump(17, "custom"))
        name = here.database_name
        looked = replace(wish(here, source, name), replacement=Replacement(confirm=name))
        levels = {one.code: one.level for one in look_first(wish=looked, actor=operator)}
        assert levels["protected"] == "blocking"
        # Without an owner, whoever uses it now is told to find closed doors.
        assert levels["owner"] == "warning"
        server.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
        restore = asked(here, admin, dump(17, "custom"), role="")
        assert restore.status == "awaiting_approval"
        assert restore.received is not None
        # Its file stays for as long as it waits.
        ReceivedFile.objects.update(expires_at="2026-01-01T00:00Z")
        expire_files()
        assert places.place_of(restore.received.pk).exists()
        approve_restore(restore=restore, actor=other)
        run_once()
        restore = restore_here(Restore.objects.get(pk=restore.pk))
        assert (restore.status, restore.error) == ("completed", "")
        assert has_table(server, name, "customers")
        with server.connect() as connection:
            row = connection.execute(
                "SELECT datacl::text FROM pg_database WHERE datname = %s", [name]
            ).fetchone()
            assert row == ("{=T/postgres,postgres=CTc/postgres}",)
        # Undone and dropped, nothing is left of it: not even whom it belonged to.
        assert roles(server) != before
        undo_restore(restore=restore, actor=admin)
        confirm_restore(restore=carry_out_errand(restore), actor=admin)
        restore = carry_out_errand(restore)
        assert (restore.errand, restore.errand_error, restore.kept_name) == ("", "", "")
        assert roles(server) == before


@pytest.mark.exhaustive
def test_by_the_api_and_by_the_page(
    target: Database, server: TestServer, operator: User, login: Login
) -> None:
    with shop(server, target.company) as here:
        name, client = here.database_name, login(operator)
        source = outside(here.company, operator, dump(17, "custom"))
        assert source.received is not None
        upload = str(source.received.pk)
        place = {"server": str(here.pk), "database": name, "mode": "replace"}
        body = {"source": {"upload": upload}, "target": place, "safety_backup": False}
        body |= {"owner": OWNER, "jobs": 2}
        refused = post(client, "/api/restores", **body, confirm="another")
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_option")
        part = post(client, "/api/restores", **body, confirm=name, tables=["orders"])
        assert part.status_code == 409
        looked = post(client, "/api/restores", **body, dry_run=True).json()
        assert looked["possible"], looked
        session = client.session
        session[SESSION_KEY] = 0
        session.save()
        given = {"server": str(here.pk), "name": name, "mode": "replace", "upload": upload}
        given |= {"no_safety_backup": "on", "role": OWNER, "keep_old_days": "3"}
        asks = client.post(PAGE, {**given, "intent": "look"}).content.decode()
        assert 'id="confirm-me"' in asks and 'id="restore-now"' not in asks
        away = client.post(PAGE, {**given, "intent": "restore", "confirm": name})["Location"]
        back = client.post(away, {"answer": PASSWORD})["Location"].removesuffix("#answer")
        html = client.get(back).content.decode()
        assert f'name="upload" value="{upload}"' in html and f'name="role" value="{OWNER}"' in html
        assert 'id="restore-now"' in html
        wrong = client.post(PAGE, {**given, "intent": "restore", "confirm": "orders"})
        assert wrong.status_code == 400
        assert not Restore.objects.exists()
        done = client.post(PAGE, {**given, "intent": "restore", "confirm": name})
        restore = Restore.objects.get()
        assert done["Location"] == f"/dashboard/restores/{restore.pk}"
        assert (restore.mode, restore.keep_old_days) == ("replace", 3)
        assert restore_here(restore).status == "completed"
        assert has_table(server, name, "customers")
