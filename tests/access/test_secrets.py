"""Secrets at rest: bound to their row, unreadable when touched, readable after a new key."""

import base64
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import LazySettings

from access import secrets
from access.keyfiles import read_or_make
from access.secrets import SecretUnreadable, seal, unseal
from backups.models import Database

HERE = "backups.database:1:password"


@pytest.fixture
def key_file(tmp_path: Path, settings: LazySettings) -> Path:
    """A key file of this test's own."""
    settings.PLACES = replace(settings.PLACES, data=tmp_path)
    return tmp_path / "keys" / "secrets.key"


@pytest.mark.parametrize("plain", ["p", "pa:ss\\wörd ☃", "x" * 5000, ""])
def test_what_was_sealed_opens_again(key_file: Path, plain: str) -> None:
    sealed = seal(plain, context=HERE)
    assert unseal(sealed, context=HERE) == plain
    assert plain == "" or len(plain) < 2 or plain not in sealed
    assert sealed != seal(plain, context=HERE)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_it_opens_in_no_other_place(key_file: Path) -> None:
    sealed = seal("hunter2", context=HERE)
    with pytest.raises(SecretUnreadable):
        unseal(sealed, context="backups.database:2:password")


def test_any_flipped_byte_is_noticed(key_file: Path) -> None:
    key_id, _, body = seal("hunter2", context=HERE).partition(":")
    raw = base64.b64decode(body)
    for position in range(len(raw)):
        touched = bytearray(raw)
        touched[position] ^= 1
        with pytest.raises(SecretUnreadable):
            unseal(f"{key_id}:{base64.b64encode(touched).decode()}", context=HERE)


@pytest.mark.parametrize("text", ["", ":", "k1", "nokey:AAAA", "☃:☃", "%s:", "%s:!!", "%s:AAAA"])
def test_what_is_no_sealed_secret_is_refused_by_name(key_file: Path, text: str) -> None:
    key_id = seal("x", context=HERE).partition(":")[0]
    with pytest.raises(SecretUnreadable):
        unseal(text.replace("%s", key_id), context=HERE)


def test_an_older_key_still_opens_and_the_first_one_seals(key_file: Path) -> None:
    old = seal("hunter2", context=HERE)
    line = key_file.read_text()
    key_file.write_text(secrets._new_line() + "\n" + line)
    secrets._keys.cache_clear()
    assert unseal(old, context=HERE) == "hunter2"
    new = seal("hunter2", context=HERE)
    assert new.partition(":")[0] != old.partition(":")[0]
    assert unseal(new, context=HERE) == "hunter2"

    key_file.write_text(key_file.read_text().splitlines()[0] + "\n")
    secrets._keys.cache_clear()
    with pytest.raises(SecretUnreadable):
        unseal(old, context=HERE)


@pytest.mark.django_db
def test_a_password_is_sealed_to_its_row(database: Database) -> None:
    assert database.password == "the stored password"
    assert "stored" not in database.password_sealed
    other = Database(company=database.company, name="other", host="h", database_name="d")
    other.password_sealed = database.password_sealed
    with pytest.raises(SecretUnreadable):
        _ = other.password
    other.password = ""
    assert (other.password_sealed, other.password) == ("", "")


def test_of_two_that_make_a_key_file_at_once_both_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "some.key"
    barrier = threading.Barrier(8)
    got: list[str] = []

    def start(number: int) -> None:
        barrier.wait()
        got.append(read_or_make(path, lambda: f"key-{number}"))

    threads = [threading.Thread(target=start, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert set(got) == {path.read_text().strip()}
    assert [found.name for found in path.parent.iterdir()] == ["some.key"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_key_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    def fail() -> str:
        raise ValueError("no randomness today")

    with pytest.raises(ValueError, match="randomness"):
        read_or_make(tmp_path / "some.key", fail)
    assert list(tmp_path.iterdir()) == []
