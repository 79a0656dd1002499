"""A replacement by the API and on the command line."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from access.models import User
from restores.models import Restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import TestServer
from tests.cast import Login
from tests.restores.replacing.shop import NOW, THEN, carry_out_errand, changed_shop, rows_in
from tests.restores.test_restore import databases, restore_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("replacing")]


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, data=json.dumps(body), content_type="application/json")


def command(*arguments: str) -> tuple[int, Any]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("restore", *arguments, "--json", stdout=out)
    return int(ended.value.code or 0), json.loads(out.getvalue())


@pytest.mark.exhaustive
def test_by_the_api(
    backed_up: MakeBackup, server: TestServer, login: Login, operator: User, admin: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        body: dict[str, Any] = {
            "source": {"backup": str(backup.pk)},
            "target": {"server": "shop", "database": name, "mode": "replace"},
            "safety_backup": False,
        }
        client = login(operator)
        for confirm in ({}, {"confirm": "shop"}):
            refused = post(client, "/api/restores", **body, **confirm)
            assert (refused.status_code, refused.json()["option"]) == (400, "confirm")
        new = {**body, "target": {**body["target"], "mode": "new"}}
        assert post(client, "/api/restores", **new).json()["option"] == "safety_backup"
        made = post(client, "/api/restores", **body, confirm=name, keep_old_days=2)
        assert made.status_code == 202
        path = f"/api/restores/{made.json()['id']}"
        assert (made.json()["old_database"], made.json()["safety_backup"]) == (None, None)
        assert post(client, f"{path}/confirm").json()["code"] == "not_ready"
        restore = restore_here(Restore.objects.get())
        old = client.get(path).json()["old_database"]
        assert old["name"] == restore.kept_name and old["until"]
        assert post(client, f"{path}/undo").status_code == 403
        answer = post(login(admin), f"{path}/undo")
        assert (answer.status_code, answer.json()["old_database"]["errand"]) == (202, "undo")
        carry_out_errand(restore)
        assert client.get(path).json()["status"] == "undone"
        assert rows_in(server, name) == NOW


@pytest.mark.exhaustive
def test_on_the_command_line(backed_up: MakeBackup, server: TestServer) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        before = databases(server)
        wanted = ("create", str(backup.pk), name, "--replace", "--no-safety-backup", "--no-wait")
        assert command(*wanted)[0] == 2
        assert command(*wanted, "--confirm", "shop")[0] == 2
        code, answer = command(*wanted, "--confirm", name)
        assert (code, answer["target"]["mode"]) == (0, "replace")
        assert command("undo", answer["id"])[0] == 4
        restore = restore_here(Restore.objects.get())
        assert rows_in(server, name) == THEN
        assert command("show", answer["id"])[1]["old_database"]["name"] == restore.kept_name
        assert [one["id"] for one in command("list")[1]] == [answer["id"]]
        code, answer = command("undo", answer["id"])
        assert (code, answer["status"]) == (0, "undone")
        assert rows_in(server, name) == NOW
        assert command("confirm", answer["id"])[0] == 0
        assert databases(server) == before
        assert command("approve", answer["id"])[0] == 4
