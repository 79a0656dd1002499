"""The page, the API and the command line of Holdfast's own backup."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from access.models import Company, User
from controlplane.models import ControlSet
from storage.models import StorageTarget
from tests.cast import Login

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_page_shows_what_there_is_and_makes_another(
    login: Login, superuser: User, storage_target: StorageTarget
) -> None:
    client = login(superuser)
    shown = client.get("/dashboard/holdfast").content.decode()
    assert "None yet" in shown
    assert "recover --from" in shown
    assert storage_target.options["folder"] in shown
    assert client.post("/dashboard/holdfast").status_code == 302
    row = ControlSet.objects.get()
    assert row.status == "pending"
    shown = client.post("/dashboard/holdfast", follow=True).content.decode()
    assert "waits or runs already" in shown
    ControlSet.objects.update(status="failed", error="<b>no</b>", forgotten_at="2026-01-01T00:00Z")
    shown = client.get("/dashboard/holdfast").content.decode()
    assert "&lt;b&gt;no&lt;/b&gt;" in shown


def test_it_is_for_administrators_of_all_companies(
    login: Login, admin: User, operator: User, storage_target: StorageTarget
) -> None:
    Company.objects.create(name="Another")
    for person in (admin, operator):
        client = login(person)
        for path in ("/dashboard/holdfast", "/api/holdfast"):
            assert client.get(path).status_code == 403
            assert client.post(path, content_type="application/json").status_code == 403
    assert not ControlSet.objects.exists()


def test_over_the_api(login: Login, superuser: User, storage_target: StorageTarget) -> None:
    client = login(superuser)
    asked = client.post("/api/holdfast", {"storage": "vault"}, content_type="application/json")
    assert (asked.status_code, asked.json()["status"]) == (202, "pending")
    assert client.post("/api/holdfast", content_type="application/json").status_code == 409
    found = client.get("/api/holdfast").json()
    assert [one["id"] for one in found["results"]] == [asked.json()["id"]]
    assert found["standing"]["newest"] is None
    nowhere = client.post("/api/holdfast", {"storage": "x"}, content_type="application/json")
    assert nowhere.status_code == 404


def test_on_the_command_line(storage_target: StorageTarget) -> None:
    made: dict[str, Any] = on_command_line("backup", "--storage", "vault")
    assert made["status"] == "completed"
    listed = on_command_line("list")
    assert [one["id"] for one in listed["results"]] == [made["id"]]
    assert listed["standing"]["stale"] is False


def on_command_line(*words: str) -> Any:
    out = StringIO()
    call_command("holdfast", *words, "--json", stdout=out)
    return json.loads(out.getvalue())
