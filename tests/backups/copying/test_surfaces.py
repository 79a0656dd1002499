"""Copies and orphans as they are shown and asked for: pages, API, command line."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from access.models import User
from backups.models import Backup, Copy, Database
from storage.models import Orphan, StorageTarget, StoredObject
from tests.backups.upkeep.test_orphans import KEY, put
from tests.cast import Login, make_backup

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("copying")]

Json = dict[str, Any]


@pytest.fixture
def two(database: Database, storage_target: StorageTarget) -> tuple[Backup, StorageTarget]:
    """A backup at the first of two storages; its rows alone."""
    backup = make_backup(database, manifest={"artifact": {}}, sha256="ab" * 32)
    stored = StoredObject.objects.create(
        company=database.company, target=storage_target, key="k", size=10, sha256="ab" * 32
    )
    backup.stored_objects.add(stored)
    second = StorageTarget.objects.create(
        company=database.company,
        name="cellar",
        options={"folder": f"{storage_target.options['folder']}-2"},
    )
    return backup, second


def cli(*arguments: str) -> Json:
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("backup", *arguments, "--json", stdout=out)
    assert ended.value.code == 0, out.getvalue()
    found: Json = json.loads(out.getvalue())
    return found


def test_the_api_asks_for_a_copy_and_says_what_there_is(
    two: tuple[Backup, StorageTarget], login: Login, operator: User, viewer: User
) -> None:
    backup, _second = two
    address = f"/api/backup/copy/{backup.pk}"
    body = json.dumps({"storage": "cellar"})
    refused = login(viewer).post(address, body, content_type="application/json")
    assert refused.status_code == 403
    answer = login(operator).post(address, body, content_type="application/json")
    assert answer.status_code == 202, answer.content
    assert answer.json()["storage"]["name"] == "cellar"
    again = login(operator).post(address, body, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (409, "already_running")
    found = login(viewer).get(address).json()
    assert (found["whole"], found["wanted"], len(found["runs"])) == (1, 1, 1)
    ended = login(operator).post(f"/api/backup/cancel/{backup.pk}")
    assert ended.status_code == 202
    assert Copy.objects.get().status == "cancelled"


def test_the_command_does_the_same(two: tuple[Backup, StorageTarget]) -> None:
    backup, _second = two
    asked = cli("copy", str(backup.pk), "cellar", "--no-wait")
    assert (asked["status"], asked["storage"]["name"]) == ("pending", "cellar")
    assert cli("copy", str(backup.pk))["runs"][0]["id"] == asked["id"]


def test_a_database_names_its_further_storages(
    two: tuple[Backup, StorageTarget], login: Login, admin: User, stranger: User
) -> None:
    backup, second = two
    client, address = login(admin), f"/api/databases/{backup.database_id}"

    def patch(refs: list[str]) -> Any:
        body = json.dumps({"copy_storages": refs})
        return client.patch(address, body, content_type="application/json")

    assert patch(["cellar", str(second.pk)]).json()["copy_storages"] == [
        {"id": str(second.pk), "name": "cellar"}
    ]
    assert patch(["nowhere"]).status_code == 404
    refused = client.delete(f"/api/storages/{second.pk}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    Copy.objects.create(
        company=backup.company, backup=backup, target=second, status="failed",
        retry_at=backup.created_at,
    )  # fmt: skip
    assert patch([]).json()["copy_storages"] == []
    assert Copy.objects.get().retry_at is None, "nobody wants it any more"


def test_the_form_keeps_them(two: tuple[Backup, StorageTarget], login: Login, admin: User) -> None:
    backup, second = two
    database = backup.database
    address = reverse("backups:database-edit", args=[database.pk])
    names = ["name", "host", "port", "database_name", "username", "tls_mode"]
    names += ["drill_every", "proof_days"]
    body = {name: getattr(database, name) for name in names}
    body["copy_storages"] = [str(second.pk)]
    saved = login(admin).post(address, body)
    assert saved.status_code == 302, saved.content.decode()[-3000:]
    assert list(database.copy_storages.all()) == [second]
    assert f'value="{second.pk}"' in login(admin).get(address).content.decode()


def test_the_page_counts_and_asks(
    two: tuple[Backup, StorageTarget], login: Login, operator: User, viewer: User
) -> None:
    backup, second = two
    page = login(viewer).get(f"/dashboard/backup/{backup.pk}").content.decode()
    assert "1 of 1 copy" in page
    assert "copy-there" not in page
    address = reverse("backups:copy", args=[backup.pk])
    assert login(viewer).post(address, {"storage": str(second.pk)}).status_code == 403
    backup.database.copy_storages.add(second)
    assert login(operator).post(address, {"storage": str(second.pk)}).status_code == 302
    run = Copy.objects.get()
    page = login(operator).get(f"/dashboard/backup/{backup.pk}").content.decode()
    assert "1 of 2 copies" in page
    assert str(run.pk) in page
    login(operator).post(address, {"cancel": str(run.pk)})
    run.refresh_from_db()
    assert run.status == "cancelled"


def test_orphans_everywhere(
    storage_target: StorageTarget, login: Login, viewer: User, admin: User
) -> None:
    put(storage_target, KEY)
    address = f"/api/storages/{storage_target.pk}/orphans"
    looked = login(admin).post(address, "{}", content_type="application/json").json()
    assert (looked["looked"]["found"], looked["count"]) == (1, 0), "a dry run"
    assert cli("orphans", "vault", "--look", "--dry-run")["results"][0]["count"] == 0
    page = reverse("backups:storage", args=[storage_target.pk])
    assert login(admin).post(page).status_code == 302
    [row] = login(viewer).get(address).json()["results"]
    assert (row["key"], row["size"]) == (KEY, 4)
    assert KEY in login(viewer).get(page).content.decode()
    assert cli("orphans")["results"][0]["results"][0]["key"] == KEY
    assert Orphan.objects.count() == 1


def test_a_page_of_a_lost_copy(
    two: tuple[Backup, StorageTarget], login: Login, viewer: User
) -> None:
    backup, _second = two
    StoredObject.objects.update(state="missing")
    page = reverse("backups:storage", args=[backup.storage_id])
    shown = login(viewer).get(page).content.decode()
    assert "1 copy is lost" in shown
    assert "0 of 1 copy" in login(viewer).get(f"/dashboard/backup/{backup.pk}").content.decode()
