"""The lock-out: what guessing costs, whom it does not touch, and that it ends by itself."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.db.models import F
from django.test import Client, override_settings

from access.models import AuditEntry, User
from config import settings as ours
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
WRONG = "wrong"


def knock(name: str, password: str = WRONG, address: str = "192.0.2.1") -> Any:
    client = Client(REMOTE_ADDR=address)
    return client.post("/login", {"username": name, "password": password})


def wait(minutes: int) -> None:
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - timedelta(minutes=minutes))


def test_five_mistakes_lock_a_name_at_an_address_out_for_a_while(viewer: User) -> None:
    for _ in range(4):
        assert knock("vera").status_code == 200
    answer = knock("vera")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "Wait 15 minutes" in answer.content.decode()
    assert knock("vera", PASSWORD).status_code == 429
    wait(16)
    assert knock("vera", PASSWORD).status_code == 302


def test_it_is_in_the_audit_once(viewer: User) -> None:
    for _ in range(8):
        knock("vera")
    entry = AuditEntry.objects.get(action="login.locked_out")
    assert (entry.object_name, entry.address) == ("vera", "192.0.2.1")


def test_a_good_login_is_in_the_audit_with_its_address(viewer: User) -> None:
    knock("vera", PASSWORD)
    entry = AuditEntry.objects.get(action="login.done")
    assert (entry.actor, entry.address) == (viewer, "192.0.2.1")


def test_the_person_elsewhere_is_not_locked_out(viewer: User) -> None:
    for _ in range(6):
        knock("vera")
    assert knock("vera", PASSWORD, "192.0.2.2").status_code == 302


def test_many_names_from_one_address_lock_the_address(viewer: User, operator: User) -> None:
    for number in range(20):
        knock(f"guess{number}")
    assert knock("vera", PASSWORD).status_code == 429
    assert knock("vera", PASSWORD, "192.0.2.2").status_code == 302


def test_many_addresses_lock_the_name(viewer: User, operator: User) -> None:
    for number in range(50):
        knock("vera", address=f"198.51.100.{number}")
    assert knock("vera", PASSWORD, "192.0.2.2").status_code == 429
    assert knock("otto", PASSWORD, "192.0.2.2").status_code == 302


def test_an_own_login_does_not_wash_an_address_clean(viewer: User, operator: User) -> None:
    for number in range(19):
        knock(f"guess{number}")
        if number % 5 == 0:
            assert knock("vera", PASSWORD).status_code == 302
    knock("guess")
    assert knock("otto", PASSWORD).status_code == 429


def test_a_mistake_is_forgiven_by_a_good_login(viewer: User) -> None:
    for _ in range(3):
        for _ in range(3):
            knock("vera")
        assert knock("vera", PASSWORD).status_code == 302


def test_the_admin_has_no_door_of_its_own(viewer: User, admin: User) -> None:
    client = Client()
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login?next=/admin/"
    answer = client.post("/admin/login/", {"username": "ada", "password": PASSWORD})
    assert answer["Location"].startswith("/login")
    assert client.get("/admin/").status_code == 302
    client.force_login(viewer)
    assert client.get("/admin/login/").status_code == 403
    client.force_login(admin)
    assert client.get("/admin/login/")["Location"] == "/admin/"


def test_a_forwarded_header_is_no_address(viewer: User) -> None:
    for number in range(5):
        client = Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": f"10.0.0.{number}"})
        answer = client.post("/login", {"username": "vera", "password": "wrong"})
    assert answer.status_code == 429


def test_no_password_is_kept_of_a_failure(viewer: User) -> None:
    knock("vera", "hunter2-hunter2")
    attempt = AccessAttempt.objects.get()
    assert "hunter2" not in f"{attempt.post_data}{attempt.get_data}"


@override_settings(PASSWORD_HASHERS=ours.PASSWORD_HASHERS)
def test_passwords_are_hashed_by_argon2() -> None:
    hashed = make_password("a long password")
    assert identify_hasher(hashed).algorithm == "argon2"
    assert check_password("a long password", hashed)


@pytest.mark.exhaustive
def test_the_deployment_check_is_clean() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env={**os.environ, "HOLDFAST_SECURE_COOKIES": "1"},
        cwd=ours.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
