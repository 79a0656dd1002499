"""`/api/restores` and `manage.py restore`."""

import io
import json
import uuid
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from access.models import User
from backups.models import Database
from restores.models import Restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import PASSWORD, TestServer
from tests.cast import Login
from tests.choice import first_of
from tests.restores.test_restore import new_name, restore_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]


def post(client: Client, path: str, **body: Any) -> Any:
    return client.post(path, data=json.dumps(body), content_type="application/json")


def command(*arguments: str) -> tuple[int, Any]:
    out = io.StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("restore", "create", *arguments, "--json", stdout=out)
    return int(ended.value.code or 0), json.loads(out.getvalue())


@pytest.mark.parametrize("slash", first_of("", "/"))
def test_a_restore_by_the_api(
    backed_up: MakeBackup,
    server: TestServer,
    login: Login,
    operator: User,
    viewer: User,
    slash: str,
) -> None:
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        body = {
            "source": {"backup": str(backup.pk)},
            "target": {"server": "shop", "database": name, "mode": "new"},
        }
        looked = post(login(operator), f"/api/restores{slash}", dry_run=True, **body)
        assert (looked.status_code, looked.json()["possible"]) == (200, True)
        assert not Restore.objects.exists()
        answer = post(login(operator), f"/api/restores{slash}", **body)
        assert answer.status_code == 202
        one = answer.json()
        assert answer["Location"].endswith(f"/api/restores/{one['id']}")
        path = f"/api/restores/{one['id']}"
        status = login(viewer).get(f"{path}/status{slash}").json()
        assert [stage["id"] for stage in status["stages"]] == [
            *("receive", "validate", "restore", "finalize"),
        ]
        restore_here(Restore.objects.get(pk=one["id"]))
        one = login(viewer).get(f"{path}{slash}").json()
        assert (one["status"], one["error"]) == ("completed", None)
        assert one["result"]["rows"] == 1000
        [listed] = login(viewer).get(f"/api/restores{slash}").json()["results"]
        assert listed == one
        again = post(login(operator), f"/api/restores{slash}", **body)
        assert (again.status_code, again.json()["code"]) == (409, "preflight_blocked")
        assert post(login(operator), f"{path}/cancel{slash}").json()["code"] == "not_ready"


def test_who_and_what_is_refused(
    backed_up: MakeBackup, login: Login, operator: User, viewer: User, stranger: User, agent: User
) -> None:
    with backed_up(drill_every=0) as backup:
        body = {
            "source": {"backup": str(backup.pk)},
            "target": {"server": "shop", "database": "fresh"},
        }
        assert post(Client(), "/api/restores", **body).status_code == 401
        for person in (viewer, agent):
            assert post(login(person), "/api/restores", **body).status_code == 403
        assert post(login(stranger), "/api/restores", **body).status_code == 404
        for wrong, status in (
            ({**body, "source": {"path": "/etc/passwd"}}, 403),
            ({**body, "source": {"download": {"url": "https://example.org/x"}}}, 400),
            ({**body, "source": {**body["source"], "path": "/etc/passwd"}}, 400),
            ({**body, "source": "it"}, 400),
            ({**body, "target": {"server": "shop"}}, 400),
            ({**body, "target": {**body["target"], "mode": "replace"}}, 400),
            ({**body, "jobs": 99}, 400),
            ({**body, "tables": "x"}, 400),
            ({**body, "data_only": True}, 400),
            ({**body, "owner": "nobody here"}, 409),
            ({**body, "source": {"backup": str(uuid.uuid4())}}, 404),
            ({**body, "target": {"server": "nowhere", "database": "fresh"}}, 404),
        ):
            assert post(login(operator), "/api/restores", **wrong).status_code == status, wrong
        assert login(stranger).get(f"/api/restores/{uuid.uuid4()}").status_code == 404
        assert not Restore.objects.exists()


@pytest.mark.exhaustive
def test_the_command_line(backed_up: MakeBackup, server: TestServer) -> None:
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        taken = backup.database.database_name
        code, answer = command(str(backup.pk), taken, "--dry-run")
        assert code == 4
        assert "target_exists" in {one["code"] for one in answer["preflight"]}
        assert command(str(backup.pk), taken)[0] == 4
        assert command(str(backup.pk), name, "--dry-run")[0] == 0
        assert command(str(uuid.uuid4()), name)[0] == 3
        assert command(str(backup.pk), name, "--owner", "nobody here")[0] == 4
        for wrong in (("--jobs", "99"), ("--map-role", "a"), ("--data-only",)):
            assert command(str(backup.pk), name, *wrong)[0] == 2
        given = ("--jobs", "2", "--table", "plain", "--map-role", "a=b")
        code, answer = command(str(backup.pk), name, "--dry-run", *given)
        assert code == 4
        assert {"role_map", "selection"} <= {one["code"] for one in answer["preflight"]}
        code, answer = command(str(backup.pk), name, "--no-wait")
        assert (code, answer["status"]) == (0, "pending")
        restored = restore_here(Restore.objects.get(pk=answer["id"]))
        assert restored.status == "completed"


@pytest.mark.exhaustive
def test_to_a_server_that_is_registered_nowhere(
    backed_up: MakeBackup, server: TestServer, login: Login, operator: User, admin: User
) -> None:
    """Its connection is used once; the new database is registered, the connection is forgotten."""
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        there = {"host": "127.0.0.1", "port": server.port, "username": "postgres"}
        target = {"database": name, "server": {**there, "password": PASSWORD}}
        body: dict[str, Any] = {"source": {"backup": str(backup.pk)}, "target": target}
        assert post(login(operator), "/api/restores", **body).status_code == 403
        for wrong in ({"port": 0}, {"host": ""}, {"tls_mode": "x"}, {"command": "x"}):
            given = {**body, "target": {**target, "server": {**there, **wrong}}}
            assert post(login(admin), "/api/restores", **given).status_code == 400
        given = {**body, "target": {**target, "server": {**there, "password": "no"}}}
        refused = post(login(admin), "/api/restores", **given)
        assert (refused.status_code, refused.json()["code"]) == (422, "authentication_failed")
        assert post(login(admin), "/api/restores", dry_run=True, **body).json()["possible"]
        assert Database.every.count() == 1
        answer = post(login(admin), "/api/restores", **body)
        assert (answer.status_code, PASSWORD in answer.content.decode()) == (202, False)
        listed = login(admin).get("/api/databases").json()["results"]
        assert [one["name"] for one in listed] == ["shop"]
        restore = restore_here(Restore.objects.get(pk=answer.json()["id"]))
        assert (restore.status, restore.error) == ("completed", "")
        assert restore.registered is not None and restore.registered.password == PASSWORD
        assert Database.every.get(pk=restore.server_id).password_sealed == ""
        again = {**body, "target": {**target, "database": f"{name}_x"}}
        answer = post(login(admin), "/api/restores", **again)
        path = f"/api/restores/{answer.json()['id']}"
        assert post(login(admin), f"{path}/cancel").status_code == 202
        cancelled = Restore.objects.get(pk=answer.json()["id"])
        assert Database.every.get(pk=cancelled.server_id).password_sealed == ""
