"""Taking a lost second factor away: in the admin site and on the command line, audited."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access.models import AuditEntry, RecoveryCode, SecondFactor, User
from access.policy import NotAllowed
from access.second_factor.services import reset
from tests.access.second_factor.phone import give_phone, is_in
from tests.access.test_reauthentication import age
from tests.cast import PASSWORD, Login

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/access/user/"


def take_away(client: Client, user: User) -> str:
    given = {"action": "reset_second_factor", "_selected_action": [user.pk]}
    return str(client.post(PEOPLE, given).headers.get("Location", ""))


def test_a_superuser_takes_it_away(superuser: User, viewer: User, login: Login) -> None:
    give_phone(viewer)
    theirs, client = login(viewer), login(superuser)
    people = client.get(PEOPLE).content.decode()
    assert "second factor" in people.lower()
    assert client.get(PEOPLE).context["cl"].model_admin.has_second_factor(viewer)
    take_away(client, viewer)
    assert not SecondFactor.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert not is_in(theirs)
    for action in ("second_factor.reset", "session.ended"):
        entry = AuditEntry.objects.get(action=action)
        assert (entry.actor, entry.object_name) == (superuser, "vera")
    answer = Client().post("/login", {"username": "vera", "password": PASSWORD})
    assert answer["Location"] == "/dashboard/"


def test_only_after_being_asked(superuser: User, viewer: User, login: Login) -> None:
    give_phone(viewer)
    client = login(superuser)
    age(client, timedelta(minutes=11))
    assert take_away(client, viewer).startswith("/dashboard/account/confirm?next=%2Fadmin")
    assert SecondFactor.objects.exists()


def test_nobody_else_does(admin: User, viewer: User, login: Login) -> None:
    give_phone(viewer)
    take_away(login(admin), viewer)
    with pytest.raises(NotAllowed):
        reset(user=viewer, actor=admin)
    assert SecondFactor.objects.exists()


def test_on_the_command_line(superuser: User, viewer: User) -> None:
    give_phone(superuser)
    told = StringIO()
    call_command("second_factor", "list", stdout=told)
    assert told.getvalue().splitlines() == ["root\ton\t10", "vera\toff\t0"]
    call_command("second_factor", "reset", "root", stdout=told)
    assert not SecondFactor.objects.exists()
    assert AuditEntry.objects.get(action="second_factor.reset").actor_name == "cli"
    for name in ("root", "nobody"):
        with pytest.raises(CommandError) as refused:
            call_command("second_factor", "reset", name)
        assert refused.value.returncode == 3


def test_a_token_is_made_in_the_admin_site_only_after_being_asked(
    superuser: User, viewer: User, login: Login
) -> None:
    client = login(superuser)
    age(client, timedelta(minutes=11))
    answer = client.get("/admin/access/token/add/")
    assert answer["Location"].startswith("/dashboard/account/confirm")
    client.post("/dashboard/account/confirm", {"answer": PASSWORD})
    assert client.get("/admin/access/token/add/").status_code == 200
