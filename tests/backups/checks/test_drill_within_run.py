"""A drill within the run that made the backup, where only public keys are kept."""

import pytest
from pyrage import x25519

from backups import keyring
from backups.errors import VersionMismatch
from backups.models import Backup
from tests.backups.checks.conftest import MakeBackup
from tests.choice import first_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("drills")]


@pytest.mark.parametrize("server", first_of(18, 17), indirect=True)
def test_with_public_keys_only_it_is_done_within_the_run(
    backed_up: MakeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ephemeral key opens what was stored; nobody here can do so later."""
    monkeypatch.setattr(keyring, "can_read", lambda: False)

    def no_key() -> x25519.Identity:
        raise AssertionError("the installation's key is not on this server")

    monkeypatch.setattr(keyring, "installation_identity", no_key)
    with backed_up() as backup:
        check = backup.checks.get()
        assert (check.level, check.status, check.outcome) == ("restore", "completed", "proven")
        assert check.sha256 == backup.sha256
        assert backup.validation == Backup.Validation.PROVEN
        assert backup.file is not None
        assert set(backup.file.stages.values_list("status", "progress")) == {("completed", 100)}


@pytest.mark.exhaustive
def test_within_the_run_what_fails_leaves_the_backup_good(
    backed_up: MakeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "can_read", lambda: False)

    def no_server(_major: int) -> None:
        raise VersionMismatch("No server here.")

    monkeypatch.setattr("backups.engines.postgres.drill.choose_for_drill", no_server)
    with backed_up() as backup:
        assert not backup.checks.exists()
        assert backup.validation == Backup.Validation.GOOD
