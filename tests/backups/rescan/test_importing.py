"""Dumps that no Holdfast made: imported as what they are, or refused by name with nothing left."""

import os
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pyrage
import pytest
from backports import zstd
from django.core.management import CommandError, call_command
from django.db import connection
from pyrage import x25519

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed, System
from backups import keyring
from backups.consistency import find_disagreements
from backups.engines import engines
from backups.errors import BackupError, InUse
from backups.manifest import SUFFIX
from backups.models import Backup, Database
from backups.rescan.findings import Outcome
from backups.rescan.importing import import_dump
from backups.rescan.services import rescan
from backups.validation import check_stored
from storage.models import StorageTarget
from storage.services import Written
from tests.backups.servers import programs_of
from tests.proofs import own_keys

__all__ = ["own_keys"]
pytestmark = pytest.mark.django_db
CLI = System("cli")
KEY = "from-elsewhere/old.backup"


@pytest.fixture
def storage_target(company: Company, tmp_path: Path) -> StorageTarget:
    """Apart from the keys, which lie in the same test's folder."""
    target: StorageTarget = StorageTarget.objects.create(
        company=company, name="vault", options={"folder": str(tmp_path / "vault")}, is_default=True
    )
    return target


@cache
def dumped_table() -> bytes:
    """One table of the test's database, as somebody's own script has dumped it."""
    here = connection.settings_dict
    return subprocess.run(
        [
            *(str(programs_of(18) / "pg_dump"), "--format=custom", "--compress=0"),
            *("--table=access_company", "--host", here["HOST"], "--username", here["USER"]),
            here["NAME"],
        ],
        env={"PATH": os.defpath},
        check=True,
        capture_output=True,
    ).stdout


@pytest.fixture
def dump() -> bytes:
    return dumped_table()


def put(target: StorageTarget, body: bytes) -> Path:
    path = Path(target.options["folder"]) / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def aged(body: bytes, identity: x25519.Identity | None = None) -> bytes:
    to = (identity or keyring.installation_identity()).to_public()
    return bytes(pyrage.encrypt(body, [to]))


def as_it_is(body: bytes) -> bytes:
    return body


def within_zstd(body: bytes) -> bytes:
    return zstd.compress(body)


def within_both(body: bytes) -> bytes:
    return aged(zstd.compress(body))


@pytest.mark.parametrize("wrap", [as_it_is, within_zstd, aged, within_both])
def test_it_becomes_a_backup_like_any_other(
    storage_target: StorageTarget,
    database: Database,
    dump: bytes,
    wrap: Callable[[bytes], bytes],
) -> None:
    path = put(storage_target, wrap(dump))
    [found] = rescan(target=storage_target, actor=CLI).findings
    assert (found.outcome, found.key) == (Outcome.FOREIGN, KEY)
    made = import_dump(target=storage_target, key=KEY, database=database, actor=CLI)
    made.refresh_from_db()
    assert (made.status, made.validation, made.label) == ("completed", "unchecked", "imported")
    assert made.source_bytes == len(dump)
    assert path.exists()
    stored, manifest = made.stored_objects.get(), made.manifest
    assert manifest is not None
    assert manifest["contents"]["tables"] == ["public.access_company"]
    findings = check_stored(
        target=storage_target,
        key=stored.key,
        expected=Written(stored.size, stored.sha256),
        manifest=manifest,
        engine=engines()["postgresql"](),
        identity=keyring.installation_identity(),
    )
    assert [one.passed for one in findings] == [True, True]
    assert AuditEntry.objects.get(action="backup.imported").changes["from"] == KEY
    path.unlink()
    assert rescan(target=storage_target, actor=CLI).counts == {Outcome.KNOWN: 1}
    assert find_disagreements() == []


def broken(dump: bytes) -> dict[str, bytes]:
    return {
        "empty": b"",
        "text": b"-- PostgreSQL database dump\n",
        "magic only": b"PGDMP",
        "long names": b"PGDMP\x01\x10\x00\x04\x08\x01\x00" + b"\xff" * 100,
        "cut": dump[: len(dump) // 2],
        "cut in zstd": zstd.compress(dump)[:-5],
        "cut in age": aged(dump)[:-5],
        "other key": aged(dump, x25519.Identity.generate()),
        "a tar in age": aged(b"ustar" * 1000),
    }


def test_what_is_none_is_refused_and_nothing_stays(
    storage_target: StorageTarget, database: Database, dump: bytes
) -> None:
    for how, body in broken(dump).items():
        path = put(storage_target, body)
        with pytest.raises(BackupError) as refused:
            import_dump(target=storage_target, key=KEY, database=database, actor=CLI)
        assert refused.value.code in ("no_dump", "corrupt"), how
        folder = Path(storage_target.options["folder"])
        left = [one for one in folder.rglob("*") if one.is_file()]
        assert left == [path], how
    assert not Backup.every.exists()


def test_what_is_known_or_out_of_place_is_refused(
    storage_target: StorageTarget, database: Database, operator: User, dump: bytes
) -> None:
    put(storage_target, dump)
    with pytest.raises(NotAllowed):
        import_dump(target=storage_target, key=KEY, database=database, actor=operator)
    made = import_dump(target=storage_target, key=KEY, database=database, actor=CLI)
    stored = made.stored_objects.get()
    for key in (stored.key, stored.key + SUFFIX, "holdfast-itself/x"):
        with pytest.raises(InUse):
            import_dump(target=storage_target, key=key, database=database, actor=CLI)
    with pytest.raises(BackupError):
        import_dump(target=storage_target, key="../../etc/passwd", database=database, actor=CLI)


def test_on_the_command_line(
    storage_target: StorageTarget, database: Database, dump: bytes
) -> None:
    put(storage_target, dump)
    with pytest.raises(CommandError) as refused:
        call_command("backup", "rescan", "vault", "--import", KEY)
    assert refused.value.returncode == 2
    with pytest.raises(SystemExit) as ended:
        words = ("--import", KEY, "--database", "orders", "--check")
        call_command("backup", "rescan", "vault", *words)
    assert ended.value.code == 0
    assert Backup.objects.get().checks.count() == 1
