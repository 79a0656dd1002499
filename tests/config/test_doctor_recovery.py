"""What doctor says of the recovery key and of drills."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from django.conf import LazySettings
from django.utils import timezone
from pyrage import x25519

from access.policy import System
from backups import keyring
from backups.recovery.challenges import new_challenge
from backups.recovery.services import export_key, rehearse_key, remove_secret
from backups.recovery.state import current_public, key_state
from config.doctor.machine import check_keys
from config.doctor.recovery import check_drills, check_own_backup, check_recovery_key
from config.doctor.results import Examination, Level, Result
from config.places import Places
from controlplane.models import ControlSet
from machine import confinement
from storage.models import StorageTarget
from tests.cast import company, storage_target

__all__ = ["company", "storage_target"]

OPERATOR = System("cli")


@pytest.fixture
def examination(settings: LazySettings, tmp_path: Path) -> Examination:
    settings.PLACES = Places(tmp_path / "installation")
    keyring.make_keys()
    return Examination(settings.PLACES, settings.ENVIRONMENT)


def words(found: list[Result]) -> str:
    return "\n".join(f"{result.level}: {result.found}" for result in found)


@pytest.mark.django_db
def test_the_recovery_keys_steps(examination: Examination, storage_target: object) -> None:
    def look() -> str:
        return words(list(check_recovery_key(examination)))

    assert "warning: It was never downloaded" in look()
    assert "warning: It lies on the disk of the artifacts of vault" in look()
    export_key(actor=OPERATOR)
    assert "warning: Nobody has tried a copy" in look()
    challenge = new_challenge(public=current_public())
    rehearse_key(actor=OPERATOR, challenge=challenge, answer=_answer(challenge.armored))
    assert "warning: The recovery key is still on this machine" in look()
    remove_secret(actor=OPERATOR, confirmation=key_state().confirmation)
    assert look().startswith("ok: a copy was tried on ")
    assert len(look().splitlines()) == 1


@pytest.mark.django_db
def test_holdfasts_own_backup(examination: Examination, storage_target: StorageTarget) -> None:
    def look() -> str:
        return words(list(check_own_backup(examination)))

    assert "warning: There is none yet" in look()
    assert "warning: Nobody holds the recovery key" in look()
    row = ControlSet.objects.create(target=storage_target, status="completed")
    ControlSet.objects.update(completed_at=timezone.now() - timedelta(hours=5))
    assert "ok: the newest is 5 hours old" in look()
    ControlSet.objects.update(completed_at=timezone.now() - timedelta(hours=50))
    assert "bad: There is none of the last two days" in look()
    assert row.pk
    examination.places.recovering.write_text("{}")
    assert "bad: A recovery was begun" in look()


def _answer(armored: str) -> str:
    secret = keyring.identity_path("recovery").read_text().strip()
    phrase: bytes = pyrage.decrypt(armored.encode(), [x25519.Identity.from_str(secret)])
    return phrase.decode()


def test_drills_can_run_here(examination: Examination) -> None:
    found = list(check_drills(examination))
    assert found[0].level == Level.OK, found
    assert "PostgreSQL" in found[0].found
    assert len(found) == (1 if confinement.version() else 2)


def test_drills_need_room(examination: Examination) -> None:
    examination.environment = replace(examination.environment, disk_reserve_mb=10**9)
    found = list(check_drills(examination))
    assert found[0].level == Level.WARNING
    assert "HOLDFAST_DRILL_DIR" in found[0].mend


def test_drills_need_a_server(examination: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    from backups.engines.postgres import clients

    monkeypatch.setattr(clients, "discover", tuple)
    [found] = check_drills(examination)
    assert found.level == Level.WARNING
    assert "no programs of a PostgreSQL server" in found.found


def test_a_server_of_public_keys_only_says_so(examination: Examination) -> None:
    assert "Public keys only" not in words(list(check_keys(examination)))
    keyring.identity_path("installation").unlink()
    assert "ok: Public keys only" in words(list(check_keys(examination)))
    assert "ok: Public keys only" in words(list(check_drills(examination)))
