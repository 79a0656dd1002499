"""`/api/restores/uploads`, restores of what was sent there, paths, and the command line."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client

from access.models import AuditEntry, User
from backups.models import Database
from restores.models import Restore
from restores.received import places
from restores.received.models import ReceivedFile
from tests.backups.servers import TestServer
from tests.cast import Login
from tests.restores.received.dumps import EXPECTED, dump, gzipped
from tests.restores.received.test_restoring import target
from tests.restores.test_api import command, post
from tests.restores.test_restore import new_name, restore_here

__all__ = ["target"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("restores")]
UPLOADS = "/api/restores/uploads"


def send(client: Client, body: bytes, name: str = "shop.dump") -> Any:
    return client.post(f"{UPLOADS}?name={name}", data=body, content_type="application/octet-stream")


def asked(source: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    return {"source": source, "target": {"server": "shop", "database": name}, **more}


def test_an_upload_is_restored(
    target: Database, server: TestServer, login: Login, operator: User, viewer: User
) -> None:
    body = gzipped(dump(17, "custom"))
    sent = send(login(operator), body, "..%2F..%2Fshop.png")
    assert sent.status_code == 201
    file = sent.json()
    assert sent["Location"].endswith(f"{UPLOADS}/{file['id']}")
    assert (file["name"], file["size"], file["contents"]) == ("shop.png", len(body), {})
    place = places.place_of(ReceivedFile.objects.get().pk)
    assert place.read_bytes() == body
    assert place.stat().st_mode & 0o777 == 0o600
    [listed] = login(viewer).get(UPLOADS).json()["results"]
    assert listed == file
    with new_name(server) as name:
        wanted = asked({"upload": file["id"]}, name)
        looked = post(login(operator), "/api/restores", **wanted, dry_run=True).json()
        assert looked["possible"]
        checks = {one["code"]: one for one in looked["preflight"]}
        assert "custom" in checks["format"]["message"]
        assert "gzip" in checks["format"]["message"]
        assert checks["fingerprints"]["level"] == "warning"
        answer = post(login(operator), "/api/restores", **wanted)
        assert answer.status_code == 202
        # While a restore waits for it, it stays.
        refused = login(operator).delete(f"{UPLOADS}/{file['id']}")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_ready")
        restore_here(Restore.objects.get(pk=answer.json()["id"]))
        one = login(viewer).get(f"/api/restores/{answer.json()['id']}").json()
        assert one["status"] == "completed"
        assert one["result"]["counts"] == EXPECTED
        assert one["result"]["compared"] is False
        assert one["source"]["contents"]["format"] == "custom"
    assert login(operator).delete(f"{UPLOADS}/{file['id']}").status_code == 204
    assert not place.exists()
    assert login(operator).get(f"{UPLOADS}/{file['id']}").status_code == 404
    assert AuditEntry.objects.filter(action="restore.file_deleted").exists()


def test_plain_sql_needs_an_administrator(
    target: Database, login: Login, operator: User, admin: User
) -> None:
    file = send(login(operator), dump(17, "plain")).json()
    wanted = asked({"upload": file["id"]}, "fresh")
    refused = post(login(admin), "/api/restores", **wanted)
    assert refused.status_code == 409
    assert "accept_plain_sql" in refused.json()["detail"]
    assert (
        post(login(operator), "/api/restores", **wanted, accept_plain_sql=True).status_code == 403
    )
    agreed = post(login(admin), "/api/restores", **wanted, accept_plain_sql=True)
    assert agreed.status_code == 202
    said = AuditEntry.objects.get(action="restore.requested")
    assert said.changes["accept_plain_sql"] is True


def test_who_may_send_and_what_is_refused(
    login: Login,
    settings: LazySettings,
    operator: User,
    viewer: User,
    stranger: User,
    agent: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for person in (viewer, agent):
        assert send(login(person), b"x").status_code == 403
    assert send(Client(), b"x").status_code == 401
    assert send(login(operator), b"").json()["code"] == "empty"
    file = send(login(operator), b"x").json()
    for verb in ("get", "delete"):
        assert getattr(login(stranger), verb)(f"{UPLOADS}/{file['id']}").status_code == 404
    assert login(viewer).delete(f"{UPLOADS}/{file['id']}").status_code == 403
    before = sorted(places.folder().iterdir())
    environment = settings.ENVIRONMENT
    refusals: list[tuple[dict[str, Any], str, int]] = [
        ({"upload_most_mb": 0}, "too_large", 413),
        ({"disk_reserve_mb": 1 << 40}, "disk_full", 409),
    ]
    for changes, code, status in refusals:
        settings.ENVIRONMENT = replace(environment, **changes)
        refused = send(login(operator), b"x" * 1000)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert sorted(places.folder().iterdir()) == before
    assert ReceivedFile.objects.count() == 1


@pytest.mark.exhaustive
def test_a_path_under_a_root(
    target: Database,
    login: Login,
    settings: LazySettings,
    admin: User,
    operator: User,
    tmp_path: Path,
) -> None:
    root = tmp_path / "dumps"
    (root / "below").mkdir(parents=True)
    (root / "below" / "shop").write_bytes(dump(17, "custom"))
    outside = tmp_path / "secret"
    outside.write_bytes(dump(17, "custom"))
    (root / "link").symlink_to(outside)
    (root / "folder").symlink_to(tmp_path)
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, restore_roots=[str(root)])

    def code_of(path: Path | str, person: User = admin) -> Any:
        wanted = asked({"path": str(path)}, "fresh", dry_run=True)
        return post(login(person), "/api/restores", **wanted).json().get("code", "possible")

    assert code_of(root / "below" / "shop") == "possible"
    assert code_of(root / "below" / "shop", operator) == "not_allowed"
    for path in (
        *(root / "link", root / "folder" / "secret", outside, f"{root}/../secret", root / "below"),
        *(f"{root}-other/x", "below/shop", "/dev/zero"),
    ):
        assert code_of(path) == "path_refused", path
    assert code_of(root / "nothing") == "missing"
    assert not ReceivedFile.objects.exists()
    answer = post(
        login(admin), "/api/restores", **asked({"path": str(root / "below/shop")}, "soon")
    )
    assert answer.json()["source"]["path"] == str(root / "below/shop")
    # What stands there meanwhile is what is judged.
    (root / "below" / "shop").write_bytes(b"something else")
    restore = restore_here(Restore.objects.get())
    assert (restore.status, restore.error_code) == ("failed", "format_unknown")


@pytest.mark.exhaustive
def test_the_command_line(target: Database, server: TestServer, tmp_path: Path) -> None:
    file = tmp_path / "shop.dump"
    file.write_bytes(dump(17, "custom"))
    with new_name(server) as name:
        code, answer = command(name, "--file", str(file), "--server", "shop", "--no-wait")
        assert (code, answer["status"]) == (0, "pending")
        assert restore_here(Restore.objects.get()).status == "completed"
    assert command("fresh", "--file", "/nonexistent", "--server", "shop")[0] == 5
    assert command("fresh", "--server", "shop")[0] == 2
    assert command("fresh", "--upload", answer["id"], "--server", "shop")[0] == 3
    out = io.StringIO()
    call_command("received_file", "add", str(file), "--json", stdout=out)
    [made] = json.loads(out.getvalue())
    call_command("received_file", "delete", made["id"], stdout=out)
    assert ReceivedFile.objects.get(pk=made["id"]).state == "deleted"
