"""Orphans: only what is of our form and belongs to nothing, only after its quarantine."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db.models import F
from django.utils import timezone

from access.models import AuditEntry, User
from access.policy import NotAllowed
from backups.models import Backup, Database
from backups.naming import artifact_key, is_artifact_key
from backups.upkeep import orphans
from backups.upkeep.orphans import Walk, look_for_orphans, look_now, remove_orphan, walk_target
from monitoring.alerts.models import Alert
from storage.errors import ObjectMissing
from storage.models import Orphan, StorageTarget, StoredObject
from tests.backups.copying.conftest import another
from tests.cast import make_backup, make_running

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("copying")]

RUN = "shop-0a1b2c3d/20260101T030000Z-00112233-1"
FILE = "shop_20260101T030000Z.dump.age"
KEY = f"{RUN}/{FILE}"
DAY = timedelta(days=1)


def put(target: StorageTarget, key: str, body: str = "half") -> Path:
    path = Path(target.options["folder"]) / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body)
    return path


def walk(target: StorageTarget) -> Walk:
    found = Walk(target)
    for _part in walk_target(found):
        pass
    return found


def let_pass(days: int) -> None:
    """As if it had been seen on each of these days."""
    Orphan.objects.update(
        first_seen_at=F("first_seen_at") - DAY * days,
        counted_at=timezone.now() - DAY,
        days_seen=F("days_seen") + days,
    )


def test_ours_are_known_by_their_form(database: Database) -> None:
    key = artifact_key(make_backup(database), 3)
    assert is_artifact_key(f"{key}.dump.zst.age")
    assert is_artifact_key(KEY)
    assert is_artifact_key(KEY.replace("-1/", "-c0a0a0a0a-2/"))
    for other in (
        FILE,
        f"{RUN}/notes.txt",
        f"{KEY}.manifest.json",
        f"holdfast-itself/{RUN}/{FILE}",
        "photos/2026/trip.dump.age",
        f"shop/{RUN.split('/')[1]}/{FILE}",
    ):
        assert not is_artifact_key(other), other


def test_found_kept_and_removed_after_its_days(storage_target: StorageTarget) -> None:
    path = put(storage_target, KEY)
    first = walk(storage_target)
    assert (first.found, first.bytes, first.removed, first.complete) == (1, 4, 0, True)
    assert Orphan.objects.get().key == KEY
    assert not Alert.objects.exists(), "it may be about to pass"
    let_pass(6)
    assert walk(storage_target).removed == 0
    assert path.exists()
    assert Alert.objects.get().rule == "storage.orphans"
    let_pass(2)
    assert walk(storage_target).removed == 1
    assert not path.exists()
    assert not path.parent.exists()
    assert not Orphan.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.changes["key"]) == ("orphan.removed", KEY)


def test_a_clock_that_jumps_ends_no_quarantine(storage_target: StorageTarget) -> None:
    path = put(storage_target, KEY)
    walk(storage_target)
    Orphan.objects.update(
        first_seen_at=timezone.now() - DAY * 400, counted_at=timezone.now() - DAY * 400
    )
    assert walk(storage_target).removed == 0
    assert path.exists()


def test_what_grows_begins_anew(storage_target: StorageTarget) -> None:
    path = put(storage_target, KEY)
    walk(storage_target)
    let_pass(30)
    path.write_text("half and more")
    assert walk(storage_target).removed == 0
    assert Orphan.objects.get().days_seen == 1


NEVER = {
    "it has a manifest": lambda target, _backup: put(target, f"{KEY}.manifest.json", "{}"),
    "a row names it": lambda target, backup: named(target, backup),
    "a running writer owns it": lambda _target, backup: running(backup),
}


def named(target: StorageTarget, backup: Backup) -> None:
    stored = StoredObject.objects.create(
        company=target.company, target=target, key=KEY, size=4, sha256="", state="deleted"
    )
    backup.stored_objects.add(stored)


def running(backup: Backup) -> None:
    make_running(backup.database)


@pytest.mark.parametrize("why", NEVER)
def test_never_touched(
    database: Database, storage_target: StorageTarget, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "writer" in why:
        monkeypatch.setattr(orphans, "keys_at_work", lambda: (RUN,))
    path = put(storage_target, KEY)
    NEVER[why](storage_target, make_backup(database))  # type: ignore[no-untyped-call]
    assert walk(storage_target).found == 0
    assert not Orphan.objects.exists()
    assert path.exists()


@pytest.mark.parametrize("why", NEVER)
def test_asked_again_before_it_goes(
    database: Database, storage_target: StorageTarget, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(storage_target, KEY)
    walk(storage_target)
    let_pass(30)
    orphan = Orphan.objects.select_related("target__company").get()
    if "writer" in why:
        monkeypatch.setattr(orphans, "keys_at_work", lambda: (RUN,))
    NEVER[why](storage_target, make_backup(database))  # type: ignore[no-untyped-call]
    assert not remove_orphan(orphan)
    assert path.exists()
    assert not Orphan.objects.exists()


def test_other_peoples_files_stay(storage_target: StorageTarget) -> None:
    kept = [
        put(storage_target, key)
        for key in (
            "holdfast-itself/a/b.dump.age",
            "registry.json",
            "shop-0a1b2c3d/RESTORE.txt",
            "photos/cat.jpg",
            f"{RUN}/notes.txt",
            f"other/{KEY}",
            "dump.age",
        )
    ]
    assert walk(storage_target).found == 0
    assert all(path.exists() for path in kept)


def test_two_targets_at_one_place(
    database: Database, storage_target: StorageTarget, tmp_path: Path
) -> None:
    named(storage_target, make_backup(database))
    twin = another(storage_target.company, "twin", tmp_path)
    put(storage_target, KEY)
    assert walk(twin).found == 0


def test_a_dry_run_writes_nothing(
    storage_target: StorageTarget, admin: User, operator: User, stranger: User
) -> None:
    put(storage_target, KEY)
    found = look_now(target=storage_target, actor=admin)
    assert (found.found, found.bytes, found.complete) == (1, 4, True)
    assert not Orphan.objects.exists()
    for actor in (operator, stranger):
        with pytest.raises(NotAllowed):
            look_now(target=storage_target, actor=actor)
    look_now(target=storage_target, actor=admin, dry_run=False)
    assert Orphan.objects.count() == 1


def test_the_ticks_walk_goes_on_over_rounds_and_survives_a_broken_place(
    storage_target: StorageTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "in-the-way"
    broken.write_text("")
    another(storage_target.company, "a broken one", broken / "vault")
    for number in range(450):
        put(storage_target, KEY.replace("00112233-1", f"{number:08x}-1"))
    orphans._walking.clear()
    orphans._ended.clear()
    monkeypatch.setattr(orphans, "ROUND_SECONDS", 1e-9)
    rounds = 0
    while not orphans._ended:
        look_for_orphans()
        rounds += 1
        assert rounds < 100
    assert rounds > 2
    assert Orphan.objects.count() == 450
    assert look_for_orphans() == 0, "not again at once"
    orphans._ended.clear()


@pytest.mark.exhaustive
def test_a_hundred_thousand_files_in_bounded_memory(
    storage_target: StorageTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Backend:
        def keys(self) -> Any:
            return (KEY.replace("00112233", f"{number:08x}") for number in range(100_000))

        def size(self, key: str) -> int:
            if key.endswith(".json"):
                raise ObjectMissing("no")
            return 4

        def free_bytes(self) -> None:
            return None

    for place in ("backups.upkeep.orphans", "backups.rescan.walking"):
        monkeypatch.setattr(f"{place}.backend_for", lambda _target: Backend())
    process, before, most = psutil.Process(), 0, 0
    found = Walk(storage_target)
    for number, _part in enumerate(walk_target(found)):
        if number % 50 == 10:
            now = process.memory_info().rss
            before, most = before or now, max(most, now)
    assert found.found == 100_000 == Orphan.objects.count()
    assert most - before < 24 << 20
