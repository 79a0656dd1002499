"""The restore sheet: what lies beside the artifacts restores them, typed as it stands."""

import os
import shutil
import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from access.models import Company, User
from access.policy import System
from backups.consistency import find_disagreements
from backups.models import Backup, Check, Database
from backups.options import parse_options
from backups.recovery.sheet import write_restore_sheet
from backups.services import request_backup
from storage.models import StorageTarget
from storage.services import replace_sheet
from tests.backups.recovery.conftest import Owner
from tests.backups.servers import PASSWORD, SUPERUSER, TestServer, programs_of
from tests.cast import make_backup
from tests.choice import first_of
from tests.running import fresh, run_here

CONTENT = (
    "CREATE TABLE books (id bigserial PRIMARY KEY, title text NOT NULL)",
    "INSERT INTO books (title) SELECT 'ἔπος ' || n FROM generate_series(1, 2000) AS n",
)
QUESTION = "SELECT count(*), sum(hashtextextended(books::text, 0)::numeric) FROM books"


def back_up(database: Database, **options: object) -> Backup:
    parse_options(options)
    backup = request_backup(
        database=database, options=options, actor=System("cli"), trigger=Backup.Trigger.MANUAL
    )
    run_here(backup_id=backup.pk)
    found = fresh(backup.pk)
    assert found.error == ""
    return found


def sheets_in(target: StorageTarget) -> list[Path]:
    return sorted(Path(target.options["folder"]).rglob("RESTORE.txt"))


def typed(sheet: str) -> list[str]:
    section = sheet.split("What to type\n")[1].split("\nIs it whole?")[0]
    return [line.strip() for line in section.splitlines() if line.startswith("    ")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    not (shutil.which("age") and shutil.which("zstd")),
    reason="needs the age and zstd of a distribution; the checks of a commit install them",
)
@pytest.mark.parametrize("server", first_of(17, 15), indirect=True)
def test_the_sheet_and_the_downloaded_key_bring_it_back(
    server: TestServer, company: Company, storage_target: StorageTarget, owner: Owner
) -> None:
    with server.database(*CONTENT) as source:
        source.company, source.name = company, "library"
        source.save()
        backup = back_up(source)
        write_restore_sheet(backup=backup)
        [sheet] = sheets_in(storage_target)
        assert stat.S_IMODE(sheet.stat().st_mode) == 0o600
        assert sheet.parent.name.startswith("library-")
        assert find_disagreements() == []
        text = sheet.read_text()
        assert "AGE-SECRET-KEY-" not in text
        assert str(backup.sha256) in text
        assert max(map(len, text.splitlines())) < 400

        owner.download()
        shutil.copy(owner.file, next(path for path in sheet.parent.iterdir() if path.is_dir()))
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", "\n".join(typed(text))],
            cwd=sheet.parent,
            env={
                "PATH": f"{programs_of(server.major)}:{os.defpath}",
                "PGHOST": "127.0.0.1",
                "PGPORT": str(server.port),
                "PGUSER": SUPERUSER,
                "PGPASSWORD": PASSWORD,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with server.connect(source.database_name) as before, server.connect("restored") as after:
            assert after.execute(QUESTION).fetchone() == before.execute(QUESTION).fetchone()
        server.execute("DROP DATABASE restored WITH (FORCE)")


@pytest.mark.django_db(transaction=True)
def test_it_is_written_anew_for_the_newest_whole_backup(
    server: TestServer, company: Company, storage_target: StorageTarget, operator: User
) -> None:
    with server.database(*CONTENT) as source:
        source.company, source.name = company, "library"
        source.save()
        first, second = back_up(source), back_up(source)
        part = back_up(source, schema_only=True)
    write_restore_sheet(backup=second)
    [sheet] = sheets_in(storage_target)
    assert str(second.pk) in sheet.read_text()
    write_restore_sheet(backup=first)
    assert str(second.pk) in sheet.read_text()
    assert "Not measured yet." in sheet.read_text()
    write_restore_sheet(backup=part)
    assert str(second.pk) in sheet.read_text()

    Check.objects.create(
        company=company,
        backup=second,
        level="restore",
        status=Backup.Status.COMPLETED,
        restore_seconds=252.0,
        completed_at=timezone.now(),
    )
    write_restore_sheet(backup=second)
    assert "The last restore drill took 4 min 12 s" in sheet.read_text()
    assert find_disagreements() == []


@pytest.mark.django_db
def test_a_sheet_beside_nothing_is_told(storage_target: StorageTarget) -> None:
    replace_sheet(target=storage_target, key="library-1/RESTORE.txt", text="x")
    assert find_disagreements() == ["vault: library-1/RESTORE.txt belongs to nothing."]


@pytest.mark.django_db
def test_a_sheet_that_cannot_be_made_fails_nothing(
    database: Database, storage_target: StorageTarget, tmp_path: Path
) -> None:
    backup = make_backup(database, age=timedelta(minutes=1), manifest=None)
    backup.stored_objects.create(
        company=backup.company, target=storage_target, key="a-1/b-1/c.age", size=1, sha256=""
    )
    write_restore_sheet(backup=backup)
    assert sheets_in(storage_target) == []


@pytest.mark.django_db
def test_a_storage_that_is_away_fails_nothing(
    database: Database, storage_target: StorageTarget, tmp_path: Path
) -> None:
    manifest = {
        "artifact": {"file": "c.age", "recipients": []},
        "restore": {"needs": [], "commands": []},
    }
    backup = make_backup(database, age=timedelta(minutes=1), manifest=manifest, sha256="ab" * 32)
    backup.stored_objects.create(
        company=backup.company, target=storage_target, key="a-1/b-1/c.age", size=1, sha256=""
    )
    away = tmp_path / "away"
    away.write_text("a file in place of the folder")
    StorageTarget.objects.update(options={"folder": str(away)})
    write_restore_sheet(backup=backup)
    StorageTarget.objects.update(options=storage_target.options)
    write_restore_sheet(backup=backup)
    assert len(sheets_in(storage_target)) == 1
