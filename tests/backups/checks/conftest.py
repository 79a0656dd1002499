"""A database of a server of its own, backed up whole; and drills carried out in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from access.models import Company, User
from backups.checks.queueing import claim_check
from backups.checks.running import carry_out
from backups.models import Backup, Check, Database
from backups.services import request_backup
from storage.models import StorageTarget
from tests.backups.servers import TestServer
from tests.running import run_here

PLAIN = (
    "CREATE TABLE plain (id serial PRIMARY KEY, v text)",
    "INSERT INTO plain (v) SELECT 'row ' || n FROM generate_series(1, 1000) n",
)

MakeBackup = Callable[..., Any]


@pytest.fixture
def backed_up(
    company: Company, storage_target: StorageTarget, operator: User, server: TestServer
) -> MakeBackup:
    """`with backed_up(*statements, options={}) as backup`: of a database filled by them."""

    shared = server

    @contextmanager
    def make(
        *statements: str, drill_every: int = 1, server: TestServer | None = None, **options: Any
    ) -> Iterator[Backup]:
        assert storage_target
        there = server or shared
        with there.database(*(statements or PLAIN)) as source:
            database: Database = there.registered(
                source.database_name, company=company, name="shop", drill_every=drill_every
            )
            database.save()
            backup = request_backup(
                database=database, actor=operator, options=options, trigger="manual"
            )
            run_here(backup_id=backup.pk)
            backup.refresh_from_db()
            assert (backup.status, backup.error) == ("completed", "")
            yield backup

    return make


def check_here(check: Check) -> Check:
    """What a runner does for a claimed check, without a process of its own."""
    claim = claim_check(check_id=check.pk)
    assert claim is not None
    rows = Check.objects.select_related("company", "file", "backup__database", "backup__company")
    carry_out(check=rows.get(pk=check.pk), claim=claim)
    check.refresh_from_db()
    check.backup.refresh_from_db()
    return check
