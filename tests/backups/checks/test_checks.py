"""Checks of stored bytes by checksum and content: what they find, and what they leave alone."""

from pathlib import Path

import pytest

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups import keyring
from backups.checks.requesting import cancel_check, request_check
from backups.errors import BadOption, KeyMissing, NotReady
from backups.models import Backup
from monitoring.alerts.models import Alert
from storage.models import StorageTarget
from tests.backups.checks.conftest import MakeBackup, check_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("checks")]


def artifact_of(backup: Backup, target: StorageTarget) -> Path:
    return Path(target.options["folder"]) / backup.stored_objects.get().key


@pytest.mark.exhaustive
def test_a_reading_takes_no_proof_away(backed_up: MakeBackup, operator: User) -> None:
    with backed_up() as backup:
        check_here(backup.checks.get())
        check = check_here(request_check(backup=backup, actor=operator))
        assert (check.outcome, check.level) == ("good", "content")
        assert check.backup.validation == Backup.Validation.PROVEN
        assert check.backup.validation_level == "restore"
        levels = list(backup.level_results.order_by("id").values_list("level", "passed"))
        assert levels == [
            ("checksum", True),
            ("content", True),
            ("restore", True),
            ("checksum", True),
            ("content", True),
        ]


def test_a_flipped_byte_is_found(
    backed_up: MakeBackup, operator: User, storage_target: StorageTarget
) -> None:
    with backed_up(drill_every=0) as backup:
        path = artifact_of(backup, storage_target)
        body = bytearray(path.read_bytes())
        body[len(body) // 2] ^= 1
        path.chmod(0o600)
        path.write_bytes(body)
        check = check_here(request_check(backup=backup, actor=operator))
        assert check.status == "completed"
        assert check.outcome == check.backup.validation == Backup.Validation.CORRUPT
        assert "sha256" in check.backup.validation_detail
        assert Alert.objects.get().rule == "check.failed"


@pytest.mark.parametrize("level", ["content", "restore"])
def test_what_is_gone_is_missing(
    backed_up: MakeBackup, operator: User, storage_target: StorageTarget, level: str
) -> None:
    with backed_up(drill_every=0) as backup:
        artifact_of(backup, storage_target).unlink()
        check = check_here(request_check(backup=backup, actor=operator, level=level))
        assert (check.status, check.outcome) == ("completed", "missing")
        assert check.backup.validation == Backup.Validation.MISSING


def test_with_public_keys_only_it_is_by_checksum(
    backed_up: MakeBackup, operator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with backed_up(drill_every=0) as backup:
        monkeypatch.setattr(keyring, "can_read", lambda: False)
        check = check_here(request_check(backup=backup, actor=operator, level="content"))
        assert (check.level, check.outcome) == ("checksum", "good")
        assert check.backup.validation == Backup.Validation.GOOD
        with pytest.raises(KeyMissing):
            request_check(backup=backup, actor=operator, level="restore")


def test_who_may_ask_for_what(
    backed_up: MakeBackup, operator: User, viewer: User, stranger: User
) -> None:
    with backed_up(drill_every=0) as backup:
        for actor in (viewer, stranger):
            with pytest.raises(NotAllowed):
                request_check(backup=backup, actor=actor)
        with pytest.raises(BadOption):
            request_check(backup=backup, actor=operator, level="wishful")
        check = request_check(backup=backup, actor=operator)
        with pytest.raises(NotAllowed):
            cancel_check(check=check, actor=viewer)
        cancel_check(check=check, actor=operator)
        check.refresh_from_db()
        assert check.status == "cancelled"
        assert AuditEntry.objects.filter(action="check.cancelled").exists()
        with pytest.raises(NotReady):
            cancel_check(check=check, actor=operator)
