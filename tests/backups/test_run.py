"""A backup from request to good: rows, bytes, audit; and what every failure leaves behind."""

import hashlib
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.db import connection

from access.models import AuditEntry, User
from backups import keyring
from backups.engines import engine_for
from backups.models import Backup, Database
from backups.validation import check_stored
from monitoring.files.models import Stage
from storage.models import StorageTarget
from storage.services import Written
from tests.backups.asking import ask, failed_for, files_in
from tests.running import run_here

pytestmark = pytest.mark.django_db(transaction=True)


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


def test_a_storage_that_fails_is_named(
    database: Database, operator: User, storage_target: StorageTarget, tmp_path: Path
) -> None:
    backup = ask(database, operator)
    (tmp_path / "letter").write_text("mine")
    StorageTarget.objects.update(options={"folder": str(tmp_path / "letter")})
    run_here(backup_id=backup.pk)
    failed_for(backup, "storage_unavailable")
    assert (tmp_path / "letter").read_text() == "mine"


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
