"""A backup from request to good: rows, bytes, audit; and what every failure leaves behind."""

import hashlib
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups import keyring, run
from backups.engines import engine_for
from backups.errors import (
    AlreadyRunning,
    BadOption,
    ConnectionFailed,
    DiskFull,
    NotFound,
    UnknownDatabase,
)
from backups.leftovers import remove_unregistered
from backups.models import Backup, Database
from backups.naming import artifact_key
from backups.queueing import claim_backup, wake_forgotten_backups
from backups.services import request_backup
from backups.validation import check_stored
from config.env import Environment
from monitoring.alerts.models import Alert
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.endings import fail_run, reap_lost_files, remove_leftovers
from monitoring.files.journal import Journal
from monitoring.files.models import Stage, TrackedFile
from storage.models import StorageTarget, StoredObject
from storage.services import Written
from tests.cast import make_backup
from tests.running import claimed, fresh, run_here

pytestmark = pytest.mark.django_db(transaction=True)


def ask(database: Database, actor: User, **more: Any) -> Backup:
    values = {"options": {"tables": ["access_company"]}, "trigger": "manual", **more}
    return request_backup(database=database, actor=actor, **values)


def files_in(target: StorageTarget) -> list[Path]:
    folder = Path(target.options["folder"])
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def good(database: Database, operator: User) -> Backup:
    backup = ask(database, operator, options={"label": "nightly", "tables": ["access_*"]})
    run_here(backup_id=backup.pk)
    backup.refresh_from_db()
    assert (backup.status, backup.error_code, backup.error) == ("completed", "", "")
    return backup


def test_a_request_ends_as_a_good_backup(
    good: Backup, storage_target: StorageTarget, operator: User
) -> None:
    assert good.validation == Backup.Validation.GOOD
    assert good.validation_level == "content"
    assert good.created_by == operator
    assert None not in (good.started_at, good.completed_at, good.checked_at, good.source_bytes)
    assert good.server_version.startswith("18")
    file = good.file
    assert file is not None
    assert (file.status, file.progress, file.attempt) == ("completed", 100, 1)
    assert file.lease_until is None
    stages = list(file.stages.values_list("key", "status", "progress"))
    assert stages == [
        (key, Stage.Status.COMPLETED, 100) for key in ("dump", "store", "validate", "finalize")
    ]
    stored = good.stored_objects.get()
    artifact, manifest = files_in(storage_target)
    body = artifact.read_bytes()
    assert stored.key == str(artifact.relative_to(storage_target.options["folder"]))
    assert manifest.name == artifact.name + ".manifest.json"
    assert len(body) == stored.size == good.size_bytes
    assert hashlib.sha256(body).hexdigest() == stored.sha256 == good.sha256
    assert artifact.name == good.file_name
    assert good.file_name.startswith("orders_")
    assert "_nightly." in good.file_name
    assert sorted(good.level_results.values_list("level", "passed")) == [
        ("checksum", True),
        ("content", True),
    ]
    assert list(AuditEntry.objects.order_by("id").values_list("action", "actor_name")) == [
        ("secret.used", "otto"),
        ("backup.requested", "otto"),
        ("secret.used", "worker"),
        ("backup.completed", "worker"),
    ]
    assert good.manifest is not None
    assert "password" not in str(good.manifest)
    assert good.manifest["contents"]["tables"][0].startswith("public.access_")


def test_every_key_opens_it(good: Backup, storage_target: StorageTarget, tmp_path: Path) -> None:
    artifact = files_in(storage_target)[0]
    assert good.manifest is not None
    recipients = good.manifest["artifact"]["recipients"]
    assert [one["role"] for one in recipients] == ["installation", "recovery", "ephemeral"]
    packed = good.manifest["artifact"]
    for role in ("installation", "recovery"):
        key = keyring.identity_path(role)
        identity = pyrage.x25519.Identity.from_str(key.read_text().strip())
        opened = pyrage.decrypt(artifact.read_bytes(), [identity])
        if not packed["compressed_inside"]:
            from backports import zstd

            # Single frame, content checksum: bit 2 of the frame header's descriptor (RFC 8878).
            assert opened[4] & 0b100
            opened = zstd.decompress(opened)
        assert hashlib.sha256(opened).hexdigest() == packed["plain_sha256"]
        assert len(opened) == packed["plain_size"]
        if Path("/usr/bin/age").exists():
            done = subprocess.run(
                ["age", "-d", "-i", str(key), str(artifact)], capture_output=True, check=True
            )
            assert (
                hashlib.sha256(done.stdout).hexdigest()
                == hashlib.sha256(pyrage.decrypt(artifact.read_bytes(), [identity])).hexdigest()
            )
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(artifact.read_bytes(), [pyrage.x25519.Identity.generate()])


def findings(backup: Backup, target: StorageTarget) -> dict[str, bool]:
    stored = backup.stored_objects.get()
    found = check_stored(
        target=target,
        key=stored.key,
        expected=Written(stored.size, stored.sha256),
        manifest=backup.manifest or {},
        engine=engine_for(backup.database),
        identity=keyring.installation_identity(),
    )
    return {finding.level: finding.passed for finding in found}


def test_no_damage_goes_unnoticed(good: Backup, storage_target: StorageTarget) -> None:
    artifact = files_in(storage_target)[0]
    whole = artifact.read_bytes()
    assert findings(good, storage_target) == {"checksum": True, "content": True}
    positions = {0, 30, len(whole) // 2, len(whole) - 1}
    damaged = {
        f"flip {at}": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in positions
    }
    damaged |= {f"cut {at}": whole[:at] for at in (0, 1, 200, len(whole) // 2, len(whole) - 1)}
    damaged |= {"appended": whole + b"x", "foreign": b"PK\3\4" * 5000, "zeros": bytes(len(whole))}
    damaged["another"] = pyrage.encrypt(b"PGDMP", [keyring.standing_recipients()[0].key()])
    for name, body in damaged.items():
        artifact.write_bytes(body)
        assert findings(good, storage_target) == {"checksum": False, "content": False}, name
    artifact.write_bytes(whole)
    assert findings(good, storage_target) == {"checksum": True, "content": True}


def test_the_same_task_twice_does_nothing(good: Backup, storage_target: StorageTarget) -> None:
    before = files_in(storage_target), AuditEntry.objects.count()
    run_here(backup_id=good.pk)
    run_here(backup_id=storage_target.pk)
    assert (files_in(storage_target), AuditEntry.objects.count()) == before
    good.refresh_from_db()
    assert good.file is not None
    assert good.file.attempt == 1


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


@pytest.mark.parametrize(
    ("change", "options", "code"),
    [
        ({"database_name": "no such thing"}, {}, "unknown_database"),
        ({"host": "/nonexistent"}, {}, "connection_failed"),
        ({"password_sealed": "k0:AAAA"}, {}, "secret_unreadable"),
        ({}, {"tables": ["no_such_table"]}, "nothing_matches"),
    ],
)
def test_a_failed_run_is_named_and_leaves_nothing(
    database: Database,
    operator: User,
    storage_target: StorageTarget,
    change: dict[str, str],
    options: dict[str, Any],
    code: str,
) -> None:
    backup = ask(database, operator, options=options)
    Database.objects.filter(pk=database.pk).update(**change)
    run_here(backup_id=backup.pk)
    failed_for(backup, code)
    assert files_in(storage_target) == []
    assert AuditEntry.objects.filter(action="backup.failed").get().changes == {"code": code}


def failed_for(backup: Backup, code: str) -> None:
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("failed", code), backup.error
    assert backup.error
    assert backup.completed_at is not None
    assert backup.file is not None
    assert backup.file.status == TrackedFile.Status.FAILED
    assert not backup.stored_objects.exists()
    assert backup.validation == Backup.Validation.UNCHECKED


def test_a_storage_that_fails_is_named(
    database: Database, operator: User, storage_target: StorageTarget, tmp_path: Path
) -> None:
    backup = ask(database, operator)
    (tmp_path / "letter").write_text("mine")
    StorageTarget.objects.update(options={"folder": str(tmp_path / "letter")})
    run_here(backup_id=backup.pk)
    failed_for(backup, "storage_unavailable")
    assert (tmp_path / "letter").read_text() == "mine"


def test_a_lost_claim_stops_the_run_and_takes_its_bytes_away(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(database, operator)
    claim = claimed(backup)
    made = dump(backup, claim)
    assert len(files_in(storage_target)) == 2
    TrackedFile.objects.update(attempt=2, owner="another")
    with pytest.raises(ClaimLost):
        run._register(backup, claim, Journal(), made, [], None)
    remove_unregistered(backup, made.key)
    assert files_in(storage_target) == []
    assert not StoredObject.objects.exists()

    TrackedFile.objects.update(owner="a third")
    with pytest.raises(ClaimLost):
        run.carry_out(backup=backup, claim=claim)
    assert files_in(storage_target) == []
    backup.refresh_from_db()
    assert (backup.status, backup.error_code) == ("running", "")


def dump(backup: Backup, claim: Claim) -> run.Made:
    """The first half of a run: both files stored, nothing registered."""
    found = fresh(backup.pk)
    key = artifact_key(found, claim.attempt)
    return run._dump_and_store(found, claim, Journal(), key, keyring.new_ephemeral()[0])


def lose(backup: Backup) -> None:
    TrackedFile.objects.filter(backup=backup).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_a_lost_run_is_tried_again_and_its_bytes_go(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup, waiting = ask(database, operator), ask(database, operator, force=True)
    claim = claimed(backup)
    dump(backup, claim)
    assert len(files_in(storage_target)) == 2
    assert (reap_lost_files(), remove_leftovers()) == (0, 0)

    lose(backup)
    OrmQ.objects.all().delete()
    assert (reap_lost_files(), remove_leftovers()) == (1, 1)
    assert files_in(storage_target) == []
    backup.refresh_from_db()
    waiting.refresh_from_db()
    assert (backup.status, waiting.status) == ("pending", "pending")
    assert OrmQ.objects.count() == 1
    assert (reap_lost_files(), remove_leftovers()) == (0, 0)
    with pytest.raises(ClaimLost):
        claim.renew()

    run_here(backup_id=backup.pk)
    backup = fresh(backup.pk)
    assert (backup.status, backup.validation) == ("completed", "good")
    assert backup.file is not None
    assert (backup.file.attempt, backup.file.progress) == (2, 100)
    assert len(files_in(storage_target)) == 2


def test_a_run_lost_too_often_fails_and_lets_the_next_one_go(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup, waiting = ask(database, operator), ask(database, operator, force=True)
    for _attempt in range(3):
        dump(backup, claimed(backup))
        lose(backup)
        OrmQ.objects.all().delete()
        assert reap_lost_files() == 1
    assert remove_leftovers() == 1
    failed_for(backup, "worker_lost")
    assert files_in(storage_target) == []
    assert OrmQ.objects.count() == 1
    assert Alert.objects.get().key == f"backup.failed:{backup.pk}"
    assert claim_backup(backup_id=backup.pk) is None
    run_here(backup_id=waiting.pk)
    assert fresh(waiting.pk).status == "completed"


def test_a_storage_that_is_away_keeps_the_debt(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    backup = ask(database, operator)
    dump(backup, claimed(backup))
    lose(backup)
    assert reap_lost_files() == 1
    there = dict(storage_target.options)
    StorageTarget.objects.update(options={"folder": ""})
    assert remove_leftovers() == 0
    StorageTarget.objects.update(options=there)
    assert len(files_in(storage_target)) == 2
    assert remove_leftovers() == 1
    assert files_in(storage_target) == []


def test_a_finished_backup_is_never_taken_for_lost(
    good: Backup, storage_target: StorageTarget
) -> None:
    before = files_in(storage_target)
    TrackedFile.objects.update(lease_until=timezone.now() - timedelta(hours=1))
    assert reap_lost_files() == 0
    assert files_in(storage_target) == before


def test_what_the_database_has_is_never_taken_away(
    good: Backup, storage_target: StorageTarget
) -> None:
    """The run may not know that it is registered: the answer to COMMIT can be lost."""
    before = files_in(storage_target)
    remove_unregistered(good, good.stored_objects.get().key)
    assert files_in(storage_target) == before
    good.stored_objects.clear()
    remove_unregistered(good, StoredObject.objects.get().key)
    assert files_in(storage_target) == []


def test_what_waits_forgotten_is_woken_once(database: Database, operator: User) -> None:
    first = ask(database, operator)
    ask(database, operator, force=True)
    OrmQ.objects.all().delete()
    assert wake_forgotten_backups() == 0
    Backup.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert wake_forgotten_backups() == 1
    assert OrmQ.objects.count() == 1
    # The wake-up waits for a free worker: another one would not help.
    assert wake_forgotten_backups() == 0

    OrmQ.objects.all().delete()
    Backup.objects.filter(pk=first.pk).update(status="running")
    assert wake_forgotten_backups() == 0


def test_a_backup_made_by_hand_of_the_cast_is_left_alone(database: Database) -> None:
    backup = make_backup(database)
    run_here(backup_id=backup.pk)
    assert not StoredObject.objects.exists()


def test_a_dump_whose_backend_ends_publishes_nothing(
    database: Database, operator: User, storage_target: StorageTarget
) -> None:
    here = connection.settings_dict
    with psycopg.connect(
        host=here["HOST"], user=here["USER"], dbname=here["NAME"], autocommit=True
    ) as other:
        other.execute("CREATE TABLE held (n int)")
        try:
            backup = ask(database, operator, options={"tables": ["held"]})
            with other.transaction():
                other.execute("LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
                _end_the_dump_soon()
                run_here(backup_id=backup.pk)
        finally:
            other.execute("DROP TABLE held")
    backup.refresh_from_db()
    assert backup.status == "failed"
    assert backup.error_code in ("connection_failed", "dump_failed")
    assert files_in(storage_target) == []


def _end_the_dump_soon() -> None:
    """From a thread: wait until somebody of ours waits for a lock, and end that session."""
    here = connection.settings_dict

    def end() -> None:
        with psycopg.connect(
            host=here["HOST"], user=here["USER"], dbname=here["NAME"], autocommit=True
        ) as session:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                ended = session.execute(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    " AND application_name LIKE 'holdfast:%'"
                ).fetchone()
                if ended and ended[0]:
                    return
                time.sleep(0.05)

    threading.Thread(target=end, daemon=True).start()
