"""Storages of kind S3 by the API: what can be said of one, and that its secret is never shown."""

import json
from typing import Any

import pytest

from access.models import AuditEntry, User
from storage.models import StorageTarget
from tests.api.test_resources import send
from tests.backups.test_api import is_problem
from tests.cast import Login

pytestmark = pytest.mark.django_db

SECRET = "wJalrXUtnFEMI-secret"
BODY = {
    "name": "cloud",
    "kind": "s3",
    "endpoint": "https://192.0.2.7:9000",
    "bucket": "backups",
    "access_key": "AKIAEXAMPLE",
    "secret_key": SECRET,
}


def test_it_is_made_changed_and_never_tells_its_secret(
    login: Login, admin: User, operator: User
) -> None:
    client = login(admin)
    assert send(login(operator), "post", "/api/storages", BODY).status_code == 403
    answer = send(login(admin), "post", "/api/storages", {**BODY, "lock_days": 30})
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["kind"], made["options"]["bucket"], made["options"]["lock_days"]) == (
        "s3",
        "backups",
        30,
    )
    where = f"/api/storages/{made['id']}"
    changed = send(client, "patch", where, {"storage_class": "STANDARD_IA", "secret_key": ""})
    assert changed.json()["options"]["storage_class"] == "STANDARD_IA"
    target = StorageTarget.objects.get(pk=made["id"])
    assert target.secret == SECRET
    shown = [answer.content, changed.content, client.get(where).content]
    told = json.dumps([entry.changes for entry in AuditEntry.objects.all()])
    assert not any(SECRET.encode() in one for one in (*shown, target.secret_sealed.encode()))
    assert SECRET not in told


def test_the_secret_does_not_go_elsewhere_unseen(login: Login, admin: User) -> None:
    client = login(admin)
    where = f"/api/storages/{send(client, 'post', '/api/storages', BODY).json()['id']}"
    for change in (
        {"endpoint": "https://198.51.100.9"},
        {"access_key": "X"},
        {"verify_tls": False},
    ):
        answer = is_problem(send(client, "patch", where, change), 400)
        assert "secret_key" in answer["errors"]
        answer = send(client, "patch", where, {**change, "secret_key": "another"})
        assert answer.status_code == 200, answer.content
    for change in ({"bucket": "other"}, {"prefix": "x"}):
        assert send(client, "patch", where, change).status_code == 400
    assert StorageTarget.objects.get().secret == "another"


@pytest.mark.parametrize(
    "change",
    [
        {"bucket": "a/b"},
        {"bucket": None},
        {"endpoint": "ftp://x"},
        {"endpoint": "https://user:pw@x"},
        {"endpoint": "https://x/path"},
        {"endpoint": "https://x:99999"},
        {"endpoint": "http://169.254.169.254"},
        {"prefix": "../x"},
        {"access_key": ""},
        {"secret_key": ""},
        {"secret_key": "a\nb"},
        {"storage_class": "DEEP_ARCHIVE"},
        {"kms_key": "x"},
        {"ca_certificate": "no"},
        {"part_mb": 1},
        {"lock_days": -1},
        {"lock_mode": "NEVER"},
        {"folder": "/srv/x"},
    ],
)
def test_what_a_bucket_cannot_be(login: Login, admin: User, change: dict[str, Any]) -> None:
    answer = is_problem(send(login(admin), "post", "/api/storages", {**BODY, **change}), 400)
    assert set(change) <= set(answer["errors"])
    assert not StorageTarget.objects.exists()


def test_a_folder_has_no_bucket(login: Login, admin: User, tmp_path: Any) -> None:
    folder = {"name": "attic", "folder": str(tmp_path)}
    client = login(admin)
    assert send(client, "post", "/api/storages", {**folder, "bucket": "x"}).status_code == 400
    made = send(client, "post", "/api/storages", folder).json()
    answer = send(client, "patch", f"/api/storages/{made['id']}", {"lock_days": 3})
    assert answer.status_code == 400


def test_inner_addresses_need_the_operator(login: Login, admin: User, settings: Any) -> None:
    from dataclasses import replace

    client = login(admin)
    inner = {**BODY, "endpoint": "http://10.1.2.3:9000"}
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, storage_inner_hosts=False)
    answer = is_problem(send(client, "post", "/api/storages", inner), 400)
    assert "HOLDFAST_STORAGE_INNER_HOSTS" in str(answer["errors"])
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, storage_inner_hosts=True)
    made = send(client, "post", "/api/storages", inner)
    assert made.status_code == 201
    # Allowed once is not allowed for ever.
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, storage_inner_hosts=False)
    is_problem(client.post(f"/api/storages/{made.json()['id']}/test"), 409, "inner_host")
