"""Carrying out a backup in a test: in this process, or by a real supervisor and runner."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from django.db import connection

from backups.models import Backup
from backups.queueing import claim_backup
from backups.run import carry_out
from monitoring.files.claims import Claim


def run_here(*, backup_id: uuid.UUID) -> None:
    """What a runner does for a claimed backup, without a process of its own."""
    claim = claim_backup(backup_id=backup_id)
    if claim is not None:
        carry_out(backup=fresh(backup_id), claim=claim)


def fresh(backup_id: uuid.UUID) -> Backup:
    rows = Backup.objects.select_related("database", "company", "storage", "file")
    found: Backup = rows.get(pk=backup_id)
    return found


def claimed(backup: Backup) -> Claim:
    claim = claim_backup(backup_id=backup.pk)
    assert claim is not None
    return claim


def own_database_url() -> str:
    """The address of this test's database, for the environment of a process it starts."""
    here = connection.settings_dict
    user, name = quote(str(here["USER"]), safe=""), quote(str(here["NAME"]), safe="")
    return f"postgres://{user}@{quote(str(here['HOST']), safe='')}:{here['PORT']}/{name}"


@contextmanager
def real_processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Processes started in the block find this test's database."""
    with monkeypatch.context() as patch:
        patch.setenv("DATABASE_URL", own_database_url())
        yield
