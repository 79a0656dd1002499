"""A registry rebuilt from the storage: what is adopted, what is only named, what nobody touches."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed, System
from backups.consistency import find_disagreements
from backups.deletion import delete_backup, finish_deletions
from backups.manifest import SUFFIX
from backups.models import Backup, Check, Database
from backups.rescan.findings import Outcome, Report
from backups.rescan.services import rescan
from backups.services import request_backup
from monitoring.events.models import Event
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.backups.rescan.conftest import MADE, Manifest, lay, manifest_of
from tests.cast import make_backup
from tests.running import run_here

pytestmark = pytest.mark.django_db
CLI = System("cli")


def scan(target: StorageTarget, **options: Any) -> Report:
    return rescan(target=target, actor=CLI, **{"dry_run": False, **options})


def reasons(report: Report) -> list[str]:
    return sorted(finding.reason for finding in report.findings)


def forget_everything() -> None:
    Backup.every.all().delete()
    StoredObject.objects.all().delete()
    TrackedFile.objects.all().delete()
    Event.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_a_lost_registry_comes_back_and_the_backup_is_still_good(
    database: Database, storage_target: StorageTarget, operator: User
) -> None:
    asked = request_backup(
        database=database, options={"tables": ["access_company"]}, actor=operator, trigger="manual"
    )
    run_here(backup_id=asked.pk)
    asked.refresh_from_db()
    forget_everything()
    Database.every.all().delete()

    dry = scan(storage_target, dry_run=True)
    assert dry.counts == {Outcome.FOUND: 1}
    assert not Backup.every.exists()
    report = scan(storage_target, check=True)
    assert report.counts == {Outcome.FOUND: 1}
    assert report.checks == 1

    found = Backup.objects.get()
    assert (found.pk, found.sha256, found.file_name) == (asked.pk, asked.sha256, asked.file_name)
    assert found.created_at == asked.created_at
    assert found.completed_at is not None
    assert timezone.now() - found.completed_at < timedelta(minutes=1)
    assert found.validation == "unchecked"
    assert Check.objects.get().level == "checksum"
    # The database is known again: where it is, without its password.
    assert found.database.pk == database.pk
    assert found.database.host == database.host
    assert not found.database.password_sealed
    assert AuditEntry.objects.filter(action="database.recovered").count() == 1
    assert AuditEntry.objects.get(action="storage.rescanned").changes == {
        "backups": [str(found.pk)]
    }
    assert find_disagreements() == []
    assert scan(storage_target).counts == {Outcome.KNOWN: 1}


def test_a_second_run_has_nothing_to_do(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    lay(storage_target, manifest)
    assert scan(storage_target).counts == {Outcome.FOUND: 1}
    again = scan(storage_target)
    assert again.counts == {Outcome.KNOWN: 1}
    assert not again.has_news
    assert Backup.objects.get().created_at == MADE
    assert Backup.objects.get().database == database


def test_commands_for_people_are_made_here_and_not_taken_from_the_file(
    storage_target: StorageTarget, manifest: Manifest
) -> None:
    lay(storage_target, manifest)
    scan(storage_target)
    recorded = Backup.objects.get().manifest
    assert recorded is not None
    assert "evil" not in str(recorded["restore"])
    assert "pg_restore" in str(recorded["restore"]["commands"])


def test_a_database_is_known_again_by_where_it_is(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    manifest["database"] |= {
        "id": str(uuid.uuid4()),
        "host": database.host,
        "port": int(database.port),
        "database_name": database.database_name,
        "username": "x",
    }
    lay(storage_target, manifest)
    scan(storage_target)
    assert Backup.objects.get().database == database
    assert scan(storage_target).counts == {Outcome.KNOWN: 1}


def test_an_unknown_database_gets_a_row_that_reaches_nothing(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    manifest["database"]["id"] = str(uuid.uuid4())
    lay(storage_target, manifest)
    report = scan(storage_target)
    made = Backup.objects.get().database
    assert made != database
    assert (made.name, made.host) == ("orders (recovered 2)", "unknown.invalid")
    assert not made.password_sealed
    assert report.databases == [made.name]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "1" * 64}, "sha256_differs"),
        ({"size": 7}, "size_differs"),
        ({"database_id": uuid.uuid4()}, "other_database"),
    ],
)
def test_what_differs_from_its_row_is_named_and_nothing_is_overwritten(
    storage_target: StorageTarget,
    database: Database,
    manifest: Manifest,
    changes: dict[str, Any],
    reason: str,
) -> None:
    key = lay(storage_target, manifest)
    scan(storage_target)
    if "database_id" in changes:
        other = Database.objects.create(company=database.company, name="b", host="b")
        Backup.objects.update(database=other, manifest={})
    else:
        StoredObject.objects.update(**changes)
    before = list(Backup.every.values()), list(StoredObject.objects.values())
    report = scan(storage_target)
    assert reason in reasons(report)
    assert {finding.key for finding in report.findings} == {key}
    assert (list(Backup.every.values()), list(StoredObject.objects.values())) == before


def test_what_is_missing_is_named(
    storage_target: StorageTarget, database: Database, tmp_path: Path
) -> None:
    keys = [lay(storage_target, manifest_of(database)) for _ in range(3)]
    scan(storage_target)
    (tmp_path / keys[0]).unlink()
    (tmp_path / (keys[1] + SUFFIX)).unlink()
    (tmp_path / keys[2]).write_bytes(b"x")
    report = scan(storage_target)
    assert {(one.key, one.reason) for one in report.findings} == {
        (keys[0], "bytes_missing"),
        (keys[1], "manifest_missing"),
        (keys[2], "size_differs"),
    }
    assert Backup.objects.count() == 3


def test_two_manifests_of_one_backup(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    lay(storage_target, manifest)
    twin = manifest_of(database) | {"backup": manifest["backup"]}
    twin["artifact"]["size"] = 48
    lay(storage_target, twin)
    assert reasons(scan(storage_target)) == ["", "second_manifest"]
    assert reasons(scan(storage_target)) == ["second_manifest"]


def test_the_same_bytes_at_another_storage_are_a_copy(
    storage_target: StorageTarget, company: Company, manifest: Manifest, tmp_path: Path
) -> None:
    other = StorageTarget.objects.create(
        company=company, name="second", options={"folder": str(tmp_path.parent / "second")}
    )
    for target in (storage_target, other):
        lay(target, manifest)
    scan(storage_target)
    assert reasons(scan(other)) == ["copy"]
    assert Backup.objects.get().stored_objects.count() == 2
    assert scan(other).counts == {Outcome.KNOWN: 1}


def test_the_deleted_stay_deleted_unless_asked(
    storage_target: StorageTarget, database: Database, manifest: Manifest
) -> None:
    lay(storage_target, manifest)
    make_backup(database)  # the newest good one
    scan(storage_target)
    backup = Backup.objects.get(pk=manifest["backup"])
    delete_backup(backup=backup, actor=CLI)
    finish_deletions()
    lay(storage_target, manifest)  # somebody brings the disk of last week back
    report = scan(storage_target)
    assert (report.counts, reasons(report)) == ({Outcome.DELETED: 1}, ["deleted"])
    assert not Backup.objects.filter(pk=backup.pk).exists()
    assert scan(storage_target, resurrect=True, dry_run=True).counts == {Outcome.RESURRECTED: 1}
    assert scan(storage_target, resurrect=True).counts == {Outcome.RESURRECTED: 1}
    assert Backup.objects.get(pk=backup.pk).validation == "unchecked"
    assert StoredObject.objects.get().state == "stored"
    assert scan(storage_target).counts == {Outcome.KNOWN: 1}


def test_what_belongs_to_another_company_is_not_taken(
    storage_target: StorageTarget, database: Database, stranger: User, tmp_path: Path
) -> None:
    elsewhere = Company.objects.get(name="Elsewhere")
    theirs = Database.objects.create(company=elsewhere, name="x", host="x")
    by_name = manifest_of(database) | {"company": "Elsewhere"}
    by_database = manifest_of(database)
    by_database["database"]["id"] = str(theirs.pk)
    for one in (by_name, by_database):
        lay(storage_target, one)
    # A storage of theirs, in a folder of ours: it is theirs all the same.
    inner = StorageTarget.objects.create(
        company=elsewhere, name="y", options={"folder": str(tmp_path / "theirs")}
    )
    lay(inner, manifest_of(database))
    report = scan(storage_target)
    assert reasons(report) == ["other_company", "other_company"]
    assert not Backup.every.exists()


def test_only_administrators_may(
    storage_target: StorageTarget, admin: User, operator: User, stranger: User
) -> None:
    rescan(target=storage_target, actor=admin)
    for person in (operator, stranger):
        with pytest.raises(NotAllowed):
            rescan(target=storage_target, actor=person)


def test_queries_by_batch(storage_target: StorageTarget, database: Database) -> None:
    for _ in range(40):
        lay(storage_target, manifest_of(database))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert scan(storage_target).counts == {Outcome.FOUND: 40}
    assert len(queries) < 30
    with CaptureQueriesContext(connection) as queries:
        assert scan(storage_target).counts == {Outcome.KNOWN: 40}
    assert len(queries) < 20
