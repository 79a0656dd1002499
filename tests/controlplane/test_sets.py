"""Sets of Holdfast itself: made, kept, told of; and nothing of one that did not come to its end."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pyrage
import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django.utils import timezone
from pyrage import x25519

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed, System
from backups import keyring
from backups.consistency import find_disagreements
from backups.errors import AlreadyRunning
from backups.rescan.services import rescan
from config.recovering.errors import (
    CutSet,
    ForeignSet,
    NewerVersion,
    NoSet,
    RecoveryRefused,
    WrongKey,
)
from config.recovering.source import choose, open_set
from controlplane import selectors, services
from controlplane.files import unpack
from controlplane.models import ControlSet
from controlplane.services import look_after_sets, request_set, run_set
from monitoring.alerts.models import Alert
from storage.errors import StorageError, TargetInUse
from storage.models import StorageTarget
from storage.services import delete_target
from tests.faults.worker import files_in

# The dump is of the test's database: what is not committed is not in it.
pytestmark = pytest.mark.django_db(transaction=True)
CLI = System("cli")


def make_one(**facts: Any) -> ControlSet:
    row = request_set(actor=CLI)
    run_set(set_id=row.pk)
    if facts:
        ControlSet.objects.filter(pk=row.pk).update(**facts)
    row.refresh_from_db()
    return row


def recovery_identity() -> x25519.Identity:
    text = keyring.identity_path("recovery").read_text()
    return x25519.Identity.from_str(text.strip())


def fake_set(target: StorageTarget, age: timedelta) -> ControlSet:
    """A row without files, as old as said."""
    row = ControlSet.objects.create(target=target, status="completed", key="holdfast-itself/x")
    ControlSet.objects.filter(pk=row.pk).update(
        created_at=timezone.now() - age, completed_at=timezone.now() - age
    )
    return row


def test_a_set_has_all_that_a_recovery_needs_and_no_other_key_opens_it(
    storage_target: StorageTarget, vault: Path, settings: LazySettings
) -> None:
    (settings.PLACES.keys / "secrets.key").write_text("k1 abc\n")
    row = make_one()
    assert (row.status, row.error) == ("completed", "")
    folder = choose(vault, "")
    found = open_set(folder, recovery_identity())
    assert found.id == row.pk
    assert found.root == vault
    assert found.keys["keys/secrets.key"] == b"k1 abc\n"
    assert found.keys["keys/django-secret.key"].decode().strip() == settings.SECRET_KEY
    assert "keys/recovery.agekey" not in found.keys
    assert b"SECRET" not in next(folder.glob("*.manifest.json")).read_bytes()
    # The server itself cannot open the sealed keys; nor can anybody else.
    [sealed] = folder.glob("*.keys.tar.age")
    for identity in (keyring.installation_identity(), x25519.Identity.generate()):
        with pytest.raises(pyrage.DecryptError):
            pyrage.decrypt(sealed.read_bytes(), [identity])
    assert set(unpack(pyrage.decrypt(sealed.read_bytes(), [recovery_identity()]))) == set(
        found.keys
    )
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())
    # It is nobody's orphan, and no backup of a database.
    assert find_disagreements() == []
    assert rescan(target=storage_target, actor=CLI).findings == []
    assert AuditEntry.objects.filter(action="holdfast.backed_up").count() == 1
    with pytest.raises(TargetInUse):
        delete_target(target=storage_target, actor=CLI)


DAMAGES: list[tuple[str, type[RecoveryRefused]]] = [
    ("cut keys", CutSet),
    ("cut dump", CutSet),
    ("flipped dump", CutSet),
    ("no dump", CutSet),
    ("wrong key", WrongKey),
    ("no json", ForeignSet),
    ("other id", ForeignSet),
    ("escaping file", ForeignSet),
    ("newer format", NewerVersion),
    ("newer migration", NewerVersion),
    ("no set", NoSet),
]


def test_what_is_not_a_whole_set_of_ours_is_refused_by_name(
    storage_target: StorageTarget, vault: Path
) -> None:
    make_one()
    folder = choose(vault, "")
    whole = {path.name: path.read_bytes() for path in folder.iterdir()}
    for damage, kind in DAMAGES:
        for path in folder.iterdir():
            path.unlink()
        for name, body in whole.items():
            (folder / name).write_bytes(body)
        identity = recovery_identity()
        if damage == "wrong key":
            identity = x25519.Identity.generate()
        else:
            _damage(folder, damage)
        with pytest.raises(RecoveryRefused) as refused:
            open_set(choose(vault, "2099" if damage == "no set" else ""), identity)
        assert type(refused.value) is kind, (damage, refused.value)


def _damage(folder: Path, how: str) -> None:
    [manifest] = folder.glob("*.manifest.json")
    [keys] = folder.glob("*.keys.tar.age")
    [dump] = folder.glob("*.dump*.age")
    told = orjson.loads(manifest.read_bytes())
    body = dump.read_bytes()
    if how == "cut keys":
        keys.write_bytes(keys.read_bytes()[:-1])
    elif how == "cut dump":
        dump.write_bytes(body[:-1000])
    elif how == "flipped dump":
        dump.write_bytes(body[:-9] + bytes([body[-9] ^ 1]) + body[-8:])
    elif how == "no dump":
        dump.unlink()
    elif how == "no json":
        manifest.write_bytes(b"{")
    elif how == "other id":
        told["set"] = "00000000-0000-0000-0000-000000000001"
    elif how == "escaping file":
        told["keys"]["file"] = "../../etc/passwd"
    elif how == "newer format":
        told["holdfast_control_plane"] = 99
    elif how == "newer migration":
        told["migrations"]["backups"] = "0999_beyond"
    if how in ("other id", "escaping file", "newer format", "newer migration"):
        manifest.write_bytes(orjson.dumps(told))


def test_without_a_recovery_key_none_is_made_and_it_is_said(
    storage_target: StorageTarget, settings: LazySettings
) -> None:
    (settings.PLACES.keys / "recovery.agepub").write_text("age1nonsense\n")
    row = make_one()
    assert (row.status, row.error_code) == ("failed", "key_missing")
    assert files_in(storage_target) == []
    assert Alert.objects.get().rule == "holdfast.backup_failed"


def test_a_storage_that_fails_leaves_nothing(
    storage_target: StorageTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    from controlplane import making

    def fail(*_given: Any, **_more: Any) -> None:
        raise StorageError("The storage answered: no.")

    monkeypatch.setattr(making, "_put", fail)
    row = make_one()
    assert (row.status, row.error_code) == ("failed", "storage_unavailable")
    look_after_sets()
    assert files_in(storage_target) == []
    row.refresh_from_db()
    assert row.purged_at is not None


def test_one_at_a_time_and_only_for_administrators_of_all(
    storage_target: StorageTarget, admin: User, operator: User, superuser: User
) -> None:
    Company.objects.create(name="Another")
    for person in (admin, operator):
        with pytest.raises(NotAllowed):
            request_set(actor=person)
    row = request_set(actor=superuser)
    with pytest.raises(AlreadyRunning):
        request_set(actor=CLI)
    # Its worker died: nobody holds the lock.
    ControlSet.objects.filter(pk=row.pk).update(status="running")
    look_after_sets()
    row.refresh_from_db()
    assert (row.status, row.error_code) == ("failed", "worker_lost")


def test_the_tick_asks_for_one_each_day(storage_target: StorageTarget) -> None:
    look_after_sets()
    assert not ControlSet.objects.exists()  # the installation is minutes old
    Company.objects.update(created_at=timezone.now() - timedelta(hours=1))
    look_after_sets()
    look_after_sets()
    row = ControlSet.objects.get()
    assert row.status == "pending"
    for age, due in (
        (timedelta(hours=23), False),
        (timedelta(hours=25), True),
        # By a clock that was ahead: it proves nothing of today.
        (timedelta(days=-300), True),
    ):
        ControlSet.objects.all().delete()
        fake_set(storage_target, age)
        look_after_sets()
        assert ControlSet.objects.filter(status="pending").exists() is due, age


def test_after_a_failure_it_waits_an_hour(storage_target: StorageTarget) -> None:
    Company.objects.update(created_at=timezone.now() - timedelta(hours=5))
    failed = ControlSet.objects.create(target=storage_target, status="failed")
    look_after_sets()
    assert not ControlSet.objects.filter(status="pending").exists()
    ControlSet.objects.filter(pk=failed.pk).update(created_at=timezone.now() - timedelta(hours=2))
    look_after_sets()
    assert ControlSet.objects.filter(status="pending").exists()


def test_the_newest_seven_stay(storage_target: StorageTarget, vault: Path) -> None:
    real = make_one()
    for days in range(1, 7):
        fake_set(storage_target, timedelta(days=days))
    look_after_sets()
    assert ControlSet.objects.filter(forgotten_at=None).count() == services.KEPT == 7
    ControlSet.objects.filter(pk=real.pk).update(completed_at=Now() - timedelta(days=9))
    fake_set(storage_target, timedelta(hours=1))
    look_after_sets()
    real.refresh_from_db()
    assert real.purged_at is not None
    assert files_in(storage_target) == []
    assert ControlSet.objects.filter(forgotten_at=None).count() == 7


def test_it_is_told_when_there_is_none_of_two_days(storage_target: StorageTarget) -> None:
    assert not selectors.standing().is_stale
    look_after_sets()
    assert not Alert.objects.exists()
    Company.objects.update(created_at=timezone.now() - timedelta(days=3))
    look_after_sets()
    look_after_sets()
    assert Alert.objects.get().rule == "holdfast.backup_old"
    fake_set(storage_target, timedelta(days=3))
    look_after_sets()
    assert Alert.objects.get().is_open
    fake_set(storage_target, timedelta(hours=3))
    assert not selectors.standing().is_stale
    look_after_sets()
    assert not Alert.objects.get().is_open


def test_warnings_name_what_would_make_a_set_useless(storage_target: StorageTarget) -> None:
    fake_set(storage_target, timedelta(hours=3))
    said = " ".join(selectors.standing().warnings)
    assert "Nobody holds the recovery key" in said
    assert "lies on the disk" in said


def test_a_storage_that_is_named_and_not_there_is_told(
    storage_target: StorageTarget, settings: LazySettings
) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, own_storage="elsewhere")
    Company.objects.update(created_at=timezone.now() - timedelta(days=3))
    look_after_sets()
    assert not ControlSet.objects.exists()
    assert Alert.objects.get().rule == "holdfast.backup_old"
    assert "HOLDFAST_OWN_STORAGE" in " ".join(selectors.standing().warnings)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, own_storage="vault")
    assert selectors.own_target() == storage_target
