"""Copies and orphans in the browser: one is asked for and moves by itself, and all of it fits."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from access.models import User
from backups.models import Backup, Copy, Database
from monitoring.files.models import TrackedFile
from storage.models import Orphan, StorageTarget, StoredObject
from tests.cast import make_backup

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

DAY = timedelta(days=1)
KEY = "warehouse-0a1b2c3d/20260101T030000Z-00112233-1/warehouse_20260101T030000Z.dump.zst.age"


@pytest.fixture
def backup(database: Database, storage_target: StorageTarget) -> Backup:
    """One that lies at two storages of three, at the second one no more."""
    found = make_backup(database, manifest={"artifact": {}}, sha256="ab" * 32)
    for name in ("cellar", "an offsite storage of a long name"):
        StorageTarget.objects.create(
            company=database.company,
            name=name,
            options={"folder": f"{storage_target.options['folder']}/{name[:2]}"},
        )
    for target, state in ((storage_target, "stored"), (_target("cellar"), "missing")):
        stored = StoredObject.objects.create(
            company=database.company,
            target=target,
            key=KEY,
            size=2_310_000_000,
            sha256="ab" * 32,
            state=state,
            checked_at=timezone.now() - DAY * 3,
        )
        found.stored_objects.add(stored)
    return found


def _target(name: str) -> StorageTarget:
    found: StorageTarget = StorageTarget.objects.get(name__startswith=name)
    return found


@pytest.mark.exhaustive
def test_a_copy_is_asked_for_and_moves(visit: Any, operator: User, backup: Backup) -> None:
    visitor = visit()
    visitor.let_in(operator)
    page = visitor.open(f"/dashboard/backup/{backup.pk}")
    expect(page.get_by_role("heading", name="1 of 2 copies")).to_be_visible()
    page.locator("#copy-to").select_option(label="an offsite storage of a long name")
    page.get_by_role("button", name="Copy it there").click()
    card = page.locator("#copies-part")
    expect(card.locator(".name", has_text="an offsite storage")).to_be_visible()
    expect(card.get_by_text("Waiting")).to_be_visible()
    copy = Copy.objects.get()
    TrackedFile.objects.filter(pk=copy.file_id).update(status="processing", progress=40)  # type: ignore[misc]
    Copy.objects.update(status="running", started_at=timezone.now())
    expect(card.get_by_text("40 %")).to_be_visible()
    assert visitor.too_wide() == []
    error = "The storage answered: No such device, or one that has gone away for now."
    TrackedFile.objects.filter(pk=copy.file_id).update(status="failed")  # type: ignore[misc]
    Copy.objects.update(
        status="failed", error=error, completed_at=timezone.now(), retry_at=timezone.now() + DAY
    )
    expect(card.get_by_text("Tried again:")).to_be_visible()
    assert visitor.too_wide() == []


@pytest.mark.exhaustive
def test_a_storage_says_what_belongs_to_nothing(visit: Any, admin: User, backup: Backup) -> None:
    target = _target("cellar")
    Orphan.objects.create(
        company=target.company, target=target, key=KEY, size=402_223_016, walk=uuid.uuid4()
    )
    visitor = visit()
    visitor.let_in(admin)
    page = visitor.open(f"/dashboard/storages/{target.pk}")
    expect(page.get_by_role("heading", name="1 file belongs to nothing")).to_be_visible()
    expect(page.get_by_role("heading", name="1 copy is lost")).to_be_visible()
    assert visitor.too_wide() == []
    page.get_by_role("button", name="Look for orphans now").click()
    # There is no such file in truth.
    expect(page.get_by_role("heading", name="No file belongs to nothing")).to_be_visible()


@pytest.mark.exhaustive
def test_a_database_names_its_storages(visit: Any, admin: User, backup: Backup) -> None:
    visitor = visit()
    visitor.let_in(admin)
    page = visitor.open(f"/dashboard/databases/{backup.database_id}")
    expect(page.get_by_role("group", name="Further copies at")).to_be_visible()
    page.get_by_label("cellar").check()
    assert visitor.too_wide() == []
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/dashboard/databases")
    assert [one.name for one in backup.database.copy_storages.all()] == ["cellar"]
