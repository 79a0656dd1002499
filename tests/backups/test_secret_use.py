"""The audit of a database's password: each use by a person, and each run's once."""

from typing import Any

import pytest

from access.models import AuditEntry, User
from backups.databases import test_connection as reach
from backups.errors import BackupError
from backups.models import Backup, Database
from backups.secret_use import record_use_by_run
from monitoring.files.claims import Claim, ClaimLost
from tests.backups.test_database_pages import FORM
from tests.cast import Login, make_backup

pytestmark = pytest.mark.django_db


def uses() -> list[tuple[Any, ...]]:
    found = AuditEntry.objects.filter(action="secret.used").order_by("id")
    return list(found.values_list("actor_name", "object_id", "changes"))


def test_a_person_who_tests_the_connection_is_named(
    admin: User, operator: User, login: Login, database: Database
) -> None:
    reach(database=database, actor=operator)
    login(admin).post(f"/api/databases/{database.pk}/test")
    kept = {**FORM, "name": "orders", "password": "", "intent": "test"}
    for name in ("host", "port", "username", "tls_mode"):
        kept[name] = str(getattr(database, name))
    login(admin).post(f"/dashboard/databases/{database.pk}", kept)
    what = {"purpose": "connection test"}
    assert uses() == [(name, str(database.pk), what) for name in ("otto", "ada", "ada")]
    assert AuditEntry.objects.latest("id").company == database.company


def test_also_when_the_server_is_away(admin: User, database: Database) -> None:
    Database.objects.update(host="127.0.0.1", port=1)
    database.refresh_from_db()
    with pytest.raises(BackupError):
        reach(database=database, actor=admin)
    assert len(uses()) == 1


def test_what_is_not_kept_yet_or_empty_is_no_use(
    admin: User, login: Login, database: Database
) -> None:
    login(admin).post("/dashboard/databases/new", {**FORM, "intent": "test"})
    Database.objects.update(password_sealed="")
    database.refresh_from_db()
    reach(database=database, actor=admin)
    assert uses() == []


def test_a_run_without_its_claim_opens_nothing(database: Database) -> None:
    backup: Backup = make_backup(database)
    assert backup.file_id is not None
    claim = Claim(file_id=backup.file_id, attempt=7, owner="gone")
    with pytest.raises(ClaimLost):
        record_use_by_run(database=database, claim=claim, purpose="dump")
    assert uses() == []
