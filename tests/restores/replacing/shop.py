"""A shop whose backup has a thousand rows, and which has one since: who reads it knows which."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import sql

from access.policy import Actor
from backups.engines import RestoreOptions
from backups.models import Backup
from restores.kept.errands import run_errand
from restores.models import Restore
from restores.replacing.wanted import Replacement
from restores.requesting import Wish, request_restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import TestServer
from tests.restores.test_restore import databases

THEN, NOW = 1000, 1


@contextmanager
def changed_shop(backed_up: MakeBackup, server: TestServer, *statements: str) -> Iterator[Backup]:
    """Drops what was kept, too."""
    before = databases(server)
    with backed_up(*statements, drill_every=0) as backup:
        name = backup.database.database_name
        server.execute("DELETE FROM plain WHERE id > 1", database=name)
        try:
            yield backup
        finally:
            with server.connect() as connection:
                for other in databases(server) - before - {name}:
                    connection.execute(
                        sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(other))
                    )


def rows_in(server: TestServer, name: str) -> int:
    with server.connect(name) as connection:
        row = connection.execute("SELECT count(*) FROM plain").fetchone()
        assert row is not None
        return int(row[0])


def replacement(backup: Backup, *, owner: str = "keep", jobs: int = 1, **changes: Any) -> Wish:
    values = {"safety_backup": False, "confirm": backup.database.database_name, **changes}
    name = backup.database.database_name
    options = RestoreOptions(keep_owners=owner == "keep", jobs=jobs)
    return Wish(backup, backup.database, name, options, Replacement(**values))


def asked(backup: Backup, actor: Actor, **changes: Any) -> Restore:
    return request_restore(wish=replacement(backup, **changes), actor=actor)


def carry_out_errand(restore: Restore) -> Restore:
    run_errand(restore_id=restore.pk)
    restore.refresh_from_db()
    return restore
