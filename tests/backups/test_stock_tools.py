"""An artifact opened without Holdfast: the manifest's own commands, with stock age and zstd."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from access.models import Company, User
from backups import keyring
from backups.models import Backup, Database
from backups.services import request_backup
from storage.models import StorageTarget
from tests.backups.servers import PASSWORD, SUPERUSER, TestServer, programs_of
from tests.choice import first_of
from tests.running import run_here

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not (shutil.which("age") and shutil.which("zstd")),
        reason="needs the age and zstd of a distribution; the checks of a commit install them",
    ),
]

CONTENT = (
    "CREATE TABLE books (id bigserial PRIMARY KEY, title text NOT NULL)",
    "INSERT INTO books (title) SELECT 'ἔπος ' || n FROM generate_series(1, 20000) AS n",
    "SELECT lo_from_bytea(0, decode(repeat('c0ffee', 5000), 'hex'))",
)
QUESTION = """
    SELECT count(*), sum(hashtextextended(books::text, 0)::numeric),
           (SELECT count(*) FROM pg_largeobject_metadata)
    FROM books
"""


# 15 is what Debian 12 ships: there every tool of the restore is the distribution's.
@pytest.mark.parametrize("server", first_of(18, 15, 17), indirect=True)
def test_the_manifests_own_commands_bring_it_back(
    server: TestServer,
    company: Company,
    operator: User,
    storage_target: StorageTarget,
    tmp_path: Path,
) -> None:
    with server.database(*CONTENT) as source:
        registered = _registered(source, company)
        backup = request_backup(
            database=registered, options={}, actor=operator, trigger=Backup.Trigger.MANUAL
        )
        run_here(backup_id=backup.pk)
        backup.refresh_from_db()
        assert (backup.validation, backup.error) == (Backup.Validation.GOOD, "")
        assert backup.manifest is not None
        artifact = Path(storage_target.options["folder"]) / backup.manifest["artifact"]["key"]
        shutil.copy(artifact, tmp_path)
        shutil.copy(keyring.identity_path("recovery"), tmp_path / keyring.RECOVERY_FILE)

        for command in backup.manifest["restore"]["commands"]:
            _type(command, server, tmp_path)

        with server.connect(source.database_name) as before, server.connect("restored") as after:
            wanted = before.execute(QUESTION).fetchone()
            assert after.execute(QUESTION).fetchone() == wanted
        server.execute("DROP DATABASE restored WITH (FORCE)")


def _registered(source: Database, company: Company) -> Database:
    source.company = company
    source.name = "library"
    source.save()
    return source


def _type(command: str, server: TestServer, folder: Path) -> None:
    """Run one line as a person would, where the PostgreSQL programs are those of the major."""
    environment = {
        "PATH": f"{programs_of(server.major)}:{os.defpath}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(server.port),
        "PGUSER": SUPERUSER,
        "PGPASSWORD": PASSWORD,
    }
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
