"""What is refused before anything is queued, and what is asked for twice."""

from typing import Any

import pytest
from django_q.models import OrmQ

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups.errors import (
    AlreadyRunning,
    BadOption,
    ConnectionFailed,
    DiskFull,
    NotFound,
    UnknownDatabase,
)
from backups.models import Backup, Database
from config.env import Environment
from monitoring.files.courses import Failure
from monitoring.files.endings import fail_run
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget
from tests.backups.asking import ask
from tests.running import claimed, run_here

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_second_request_is_refused_unless_forced(database: Database, operator: User) -> None:
    first = ask(database, operator)
    with pytest.raises(AlreadyRunning):
        ask(database, operator)
    second = ask(database, operator, force=True)
    claim = claimed(first)
    run_here(backup_id=second.pk)
    second.refresh_from_db()
    assert second.status == "pending"

    OrmQ.objects.all().delete()
    first.refresh_from_db()
    assert fail_run(claim=claim, failure=Failure("dump_failed", "enough"))
    assert OrmQ.objects.count() == 1
    run_here(backup_id=second.pk)
    second.refresh_from_db()
    assert second.status == "completed"


def test_who_may_not_asks_in_vain(
    database: Database, viewer: User, agent: User, stranger: User
) -> None:
    for actor in (viewer, agent, stranger):
        with pytest.raises(NotAllowed):
            ask(database, actor)
    nothing_was_queued()


def nothing_was_queued() -> None:
    assert not Backup.objects.exists()
    assert not TrackedFile.objects.exists()
    assert not OrmQ.objects.exists()
    assert not AuditEntry.objects.exclude(action="secret.used").exists()


def test_what_cannot_be_reached_is_told_at_once(database: Database, operator: User) -> None:
    database.database_name = "no such thing"
    with pytest.raises(UnknownDatabase):
        ask(database, operator)
    database.host = "/nonexistent"
    with pytest.raises(ConnectionFailed):
        ask(database, operator)
    nothing_was_queued()


def test_below_the_reserve_nothing_is_begun(
    database: Database, operator: User, settings: Any
) -> None:
    values = {**vars(settings.ENVIRONMENT), "disk_reserve_mb": 1 << 40}
    settings.ENVIRONMENT = Environment(**values)
    with pytest.raises(DiskFull, match="reserve"):
        ask(database, operator)
    nothing_was_queued()


def test_without_a_storage_there_is_no_backup(
    database: Database, storage_target: StorageTarget, operator: User
) -> None:
    StorageTarget.objects.all().delete()
    with pytest.raises(NotFound, match="no storage"):
        ask(database, operator)


@pytest.mark.parametrize("name", ["x" * 201, "a\0b", "a\udcffb"])
def test_a_name_that_cannot_be_kept_is_refused(
    database: Database, operator: User, name: str
) -> None:
    with pytest.raises(BadOption):
        ask(database, operator, name=name)
    nothing_was_queued()
