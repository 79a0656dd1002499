"""Targets and stored objects: their rows, their test, their keys."""

from pathlib import Path

import pytest
from django.db import IntegrityError

from access.models import AuditEntry, Company
from access.policy import NotAllowed, System
from storage.backends import Sink, backend_for
from storage.errors import ObjectMissing, StorageError
from storage.keys import check_key, slug
from storage.models import StorageTarget, StoredObject
from storage.services import (
    Written,
    create_local_target,
    mark_checked,
    open_object,
    put_stream,
    register_object,
)
from storage.services import test_target as try_target
from tests.cast import person

pytestmark = pytest.mark.django_db


def test_a_target_is_made_by_an_administrator(company: Company, folder: Path) -> None:
    admin, viewer = person("ada", company, "admin"), person("vera", company, "viewer")
    target = create_local_target(company=company, name="vault", folder=folder, actor=admin)
    assert target.options == {"folder": str(folder)}
    assert not folder.exists()
    assert AuditEntry.objects.get().action == "storage.created"
    with pytest.raises(NotAllowed):
        create_local_target(company=company, name="other", folder=folder, actor=viewer)
    with pytest.raises(Exception, match="already exists"):
        create_local_target(company=company, name="vault", folder=folder, actor=System("cli"))
    assert StorageTarget.objects.count() == 1


def test_one_key_of_a_target_has_one_row(company: Company, folder: Path) -> None:
    target = create_local_target(
        company=company, name="vault", folder=folder, actor=System("cli"), is_default=True
    )
    written = put_stream(target=target, key="a/b", fill=lambda sink: _write(sink, b"abc"))
    stored = register_object(target=target, key="a/b", written=written)
    assert (stored.company, stored.size, stored.state) == (company, 3, StoredObject.State.STORED)
    assert stored.checked_at is None
    mark_checked(stored=stored, state=StoredObject.State.CORRUPT)
    found = StoredObject.objects.get()
    assert (found.state, found.checked_at is None) == (StoredObject.State.CORRUPT, False)
    with pytest.raises(IntegrityError):
        register_object(target=target, key="a/b", written=Written(1, "0" * 64))


def _write(sink: Sink, body: bytes) -> None:
    sink.write(body)


def test_a_target_that_works_passes_its_test_and_keeps_nothing(
    target: StorageTarget, folder: Path
) -> None:
    try_target(target=target)
    assert [path.name for path in folder.iterdir()] == [".incoming"]
    assert list((folder / ".incoming").iterdir()) == []


def test_a_target_that_cannot_work_says_why(target: StorageTarget, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a letter")
    with pytest.raises(StorageError, match="storage answered"):
        try_target(target=target)


def test_the_room_that_is_left_is_known_before_the_folder_is(
    target: StorageTarget, folder: Path
) -> None:
    backend = backend_for(target)
    free = backend.free_bytes()
    assert free is not None
    assert free > 0
    assert not folder.exists()


def test_what_is_not_there_is_missing(target: StorageTarget) -> None:
    with pytest.raises(ObjectMissing), open_object(target=target, key="a/b"):
        pass
    with pytest.raises(ObjectMissing):
        backend_for(target).size("a/b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orders", "orders"),
        ("Straße 7", "Strae-7"),
        ("../../etc/passwd", "etc-passwd"),
        ("--file=x", "file-x"),
        ("數據", "database"),
        ("", "database"),
        ("a\0b", "a-b"),
        ("x" * 300, "x" * 60),
        ("é", "e"),
    ],
)
def test_a_slug_is_always_a_key(text: str, expected: str) -> None:
    assert slug(text) == expected
    assert check_key(slug(text)) == expected
