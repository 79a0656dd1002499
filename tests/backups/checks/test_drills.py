"""Stored bytes are restored and compared; what is found is told, and never more than that."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django_q.models import OrmQ

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups.checks.queueing import (
    PATIENCE,
    claim_check,
    make_way,
    wake_waiting_checks,
)
from backups.checks.requesting import request_check
from backups.engines.postgres.drill import PostgresDrill
from backups.engines.postgres.throwaway import drill_folder
from backups.errors import AlreadyRunning, NotReady
from backups.models import Backup
from backups.queueing import enqueue
from backups.services import request_backup
from monitoring.alerts.models import Alert
from storage.models import StorageTarget
from tests.backups.checks.conftest import MakeBackup, check_here
from tests.backups.fingerprints.test_fingerprints import SOURCE
from tests.backups.servers import TestServer
from tests.choice import first_of
from tests.running import run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("drills")]

OWNED = (
    'CREATE ROLE "Öwner\'s"',
    "CREATE TABLE owned (n int)",
    'ALTER TABLE owned OWNER TO "Öwner\'s"',
    "INSERT INTO owned VALUES (1)",
    'GRANT SELECT ON plain TO "Öwner\'s"',
)


def nothing_is_left() -> bool:
    return not list(drill_folder().glob("*"))


@pytest.mark.parametrize("server", first_of(17, 15, 18), indirect=True)
def test_a_backup_is_proven_by_itself(backed_up: MakeBackup, server: TestServer) -> None:
    with backed_up(*SOURCE, *OWNED) as backup:
        gone = ('DROP OWNED BY "Öwner\'s"', 'DROP ROLE "Öwner\'s"')
        server.execute(*gone, database=backup.database.database_name)
        drill = check_here(backup.checks.get())
        assert (drill.status, drill.error, drill.differences) == ("completed", "", [])
        assert drill.outcome == Backup.Validation.PROVEN
        assert drill.server_version.startswith(str(server.major))
        assert drill.sha256 == backup.sha256
        assert drill.restore_seconds is not None and drill.restore_seconds > 0
        with server.connect() as source:
            row = source.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
        assert row is not None and drill.system_identifier not in ("", str(row[0]))
        assert drill.backup.validation == Backup.Validation.PROVEN
        assert drill.backup.validation_level == "restore"
        result = backup.level_results.get(level="restore")
        assert (result.passed, result.detail) == (True, "Restored and compared, table by table.")
        assert drill.file is not None
        assert set(drill.file.stages.values_list("status", "progress")) == {("completed", 100)}
        assert nothing_is_left()
        actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
        assert actions[-2:] == ["check.requested", "check.completed"]


def test_what_differs_is_named(
    backed_up: MakeBackup, server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = PostgresDrill.finish

    def tamper(drill: PostgresDrill) -> None:
        finish(drill)
        with drill.server.connect(application="test") as session:
            session.execute("DELETE FROM public.plain WHERE id = 7")

    monkeypatch.setattr(PostgresDrill, "finish", tamper)
    with backed_up() as backup:
        drill = check_here(backup.checks.get())
        assert drill.outcome == Backup.Validation.CORRUPT
        assert drill.differences == [
            {"kind": "table", "name": "public.plain", "said": "999 rows instead of 1000"}
        ]
        assert drill.backup.validation == Backup.Validation.CORRUPT
        assert "public.plain" in drill.backup.validation_detail
        alert = Alert.objects.get(rule="drill.failed")
        assert "public.plain" in alert.text


def test_bytes_that_do_not_restore_are_corrupt(
    backed_up: MakeBackup, storage_target: StorageTarget
) -> None:
    with backed_up() as backup:
        stored = backup.stored_objects.get()
        path = Path(storage_target.options["folder"]) / stored.key
        body = bytearray(path.read_bytes())
        body[-100] ^= 1
        path.chmod(0o600)
        path.write_bytes(body)
        drill = check_here(backup.checks.get())
        assert (drill.status, drill.outcome) == ("completed", Backup.Validation.CORRUPT)
        assert drill.backup.validation == Backup.Validation.CORRUPT
        assert nothing_is_left()


@pytest.mark.exhaustive
def test_a_missing_extension_makes_it_partial(backed_up: MakeBackup) -> None:
    with backed_up() as backup:
        assert backup.manifest is not None
        backup.manifest["contents"]["fingerprint"]["extensions"]["postgis"] = "3.4"
        backup.save()
        drill = check_here(backup.checks.get())
        assert drill.outcome == Backup.Validation.PARTIAL
        assert drill.missing == ["extension postgis"]
        assert drill.backup.validation == Backup.Validation.PARTIAL


@pytest.mark.exhaustive
def test_a_server_that_gives_up_says_nothing_of_the_backup(
    backed_up: MakeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = PostgresDrill.write

    def die(drill: PostgresDrill, data: bytes) -> int:
        drill._cluster.process.kill()
        drill._cluster.process.wait()
        return write(drill, data)

    monkeypatch.setattr(PostgresDrill, "write", die)
    with backed_up() as backup:
        drill = check_here(backup.checks.get())
        assert (drill.status, drill.error_code) == ("failed", "drill_server_failed")
        assert drill.backup.validation == Backup.Validation.GOOD
        assert nothing_is_left()


@pytest.mark.exhaustive
def test_without_room_it_does_not_begin(backed_up: MakeBackup, settings: LazySettings) -> None:
    with backed_up() as backup:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, disk_reserve_mb=free >> 20)
        drill = check_here(backup.checks.get())
        assert (drill.status, drill.error_code) == ("failed", "disk_full")
        assert drill.backup.validation == Backup.Validation.GOOD


def test_what_is_restored_touches_nothing_outside(backed_up: MakeBackup, tmp_path: Path) -> None:
    """The source's owner may write what runs when it is restored."""
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    goal, shared = tmp_path / "written", Path("/dev/shm") / f"holdfast-{uuid4()}"
    hostile = (
        f"CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
        f"BEGIN COPY (SELECT 1) TO '{shared}'; EXCEPTION WHEN OTHERS THEN NULL; END; "
        f"COPY (SELECT 1) TO '{goal}'; RETURN 1; END $$",
        # A check runs as who loads the rows.
        "CREATE TABLE hostile (n int CHECK (public.evil() = n))",
        "INSERT INTO hostile VALUES (1)",
    )
    with backed_up(*hostile) as backup:
        for written in (goal, shared):
            assert written.exists()
            written.unlink()
        drill = check_here(backup.checks.get())
        assert not goal.exists()
        assert not shared.exists()
        assert drill.outcome == Backup.Validation.CORRUPT
        assert "Permission denied" in drill.backup.validation_detail


@pytest.mark.exhaustive
def test_a_part_is_drilled_when_asked_and_never_proven_wrongly(
    backed_up: MakeBackup, operator: User
) -> None:
    with backed_up(*SOURCE, tables=["public.plain"]) as backup:
        assert not backup.checks.exists()
        drill = check_here(request_check(backup=backup, actor=operator, level="restore"))
        assert drill.differences == []
        assert drill.outcome == Backup.Validation.PARTIAL


@pytest.mark.exhaustive
def test_without_fingerprints_there_is_nothing_to_compare(
    backed_up: MakeBackup, operator: User
) -> None:
    with backed_up(fingerprint="none") as backup:
        assert not backup.checks.exists()
        with pytest.raises(NotReady):
            request_check(backup=backup, actor=operator, level="restore")


def test_who_may_ask(backed_up: MakeBackup, operator: User, viewer: User, agent: User) -> None:
    with backed_up(drill_every=0) as backup:
        assert not backup.checks.exists()
        for actor in (viewer, agent):
            with pytest.raises(NotAllowed):
                request_check(backup=backup, actor=actor, level="restore")
        request_check(backup=backup, actor=operator, level="restore")
        with pytest.raises(AlreadyRunning):
            request_check(backup=backup, actor=operator, level="restore")


def test_backups_come_first(backed_up: MakeBackup) -> None:
    with backed_up() as backup:
        drill = backup.checks.get()
        waiting = Backup.objects.create(
            company=backup.company,
            database=backup.database,
            storage=backup.storage,
            name="waits",
            status=Backup.Status.PENDING,
        )
        assert claim_check(check_id=drill.pk) is None
        assert wake_waiting_checks() == 0
        waiting.delete()
        assert claim_check(check_id=drill.pk) is not None


@pytest.mark.exhaustive
def test_a_running_check_makes_way_when_every_worker_is_busy(backed_up: MakeBackup) -> None:
    with backed_up() as backup:
        check = backup.checks.get()
        OrmQ.objects.all().delete()
        assert claim_check(check_id=check.pk) is not None
        assert make_way() == 0
        late = Backup.objects.create(
            company=backup.company,
            database=backup.database,
            storage=backup.storage,
            name="waits",
            status=Backup.Status.PENDING,
        )
        enqueue(late)
        assert make_way() == 0, "a worker may be about to take it"
        Backup.objects.filter(pk=late.pk).update(created_at=Now() - PATIENCE)
        assert make_way() == 1
        check.refresh_from_db()
        assert check.status == Backup.Status.PENDING
        assert check.file is not None
        assert check.file.most_attempts == 4
        assert claim_check(check_id=check.pk) is None
        late.delete()
        assert check_here(check).outcome == "proven"


@pytest.mark.exhaustive
def test_every_nth(backed_up: MakeBackup, operator: User) -> None:
    with backed_up(drill_every=2) as first:
        check_here(first.checks.get())
        for has_drill in (False, True):
            backup = request_backup(
                database=first.database, actor=operator, options={}, trigger="manual"
            )
            run_here(backup_id=backup.pk)
            assert backup.checks.exists() is has_drill
            for drill in backup.checks.all():
                check_here(drill)


def test_a_manifest_without_a_server_of_its_major(
    backed_up: MakeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backed_up() as backup:
        assert backup.manifest is not None
        backup.manifest["contents"]["fingerprint"]["major"] = 99
        backup.save()
        drill = check_here(backup.checks.get())
        assert (drill.status, drill.error_code) == ("failed", "version_mismatch")
