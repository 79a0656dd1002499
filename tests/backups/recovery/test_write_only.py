"""A server of public keys only makes good backups that it cannot read, and the owner can."""

from pathlib import Path

import pytest
from pyrage import x25519

from access.models import Company, User
from backups import keyring
from backups.checks.requesting import request_check
from backups.errors import KeyMissing
from backups.models import Backup, LevelResult
from backups.recovery.state import key_state
from backups.services import request_backup
from config.places import Places
from storage.models import StorageTarget
from tests.backups.recovery.conftest import Owner, age
from tests.backups.servers import TestServer
from tests.running import fresh, run_here

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def write_only(places: Places, owner: Owner) -> None:
    """As documented: both key pairs are made elsewhere, and their public halves brought here."""
    places.keys.mkdir(parents=True)
    identity = x25519.Identity.generate()
    owner.file.write_text(f"{identity}\n")
    (places.keys / "recovery.agepub").write_text(str(identity.to_public()))
    elsewhere = str(x25519.Identity.generate().to_public())
    (places.keys / "installation.agepub").write_text(elsewhere)


def test_it_makes_good_backups_and_reads_none(
    write_only: None,
    server: TestServer,
    company: Company,
    storage_target: StorageTarget,
    operator: User,
    owner: Owner,
) -> None:
    with server.database("CREATE TABLE books AS SELECT 1 AS id") as source:
        source.company, source.name = company, "library"
        source.save()
        backup = request_backup(
            database=source, options={}, actor=operator, trigger=Backup.Trigger.MANUAL
        )
        run_here(backup_id=backup.pk)
    backup = fresh(backup.pk)
    # Proven in its own run: it is never read here again.
    assert (backup.validation, backup.error) == (Backup.Validation.PROVEN, "")
    assert not list(keyring.identity_path("x").parent.glob("*.agekey"))
    with pytest.raises(KeyMissing, match="public keys only"):
        request_check(backup=backup, actor=operator, level=LevelResult.Level.RESTORE)
    check = request_check(backup=backup, actor=operator)
    assert check.level == LevelResult.Level.CHECKSUM
    assert not key_state().secret_here

    stored = backup.stored_objects.get()
    artifact = Path(storage_target.options["folder"]) / stored.key
    opened = artifact.with_name("opened")
    age("-d", "-i", str(owner.file), "-o", str(opened), str(artifact))
    assert opened.stat().st_size > 0
