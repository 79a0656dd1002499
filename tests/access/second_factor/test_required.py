"""Where a second factor is required: set up at the login, and nothing opens before."""

import re

import pytest
from django.conf import LazySettings
from django.test import Client

from access.models import Token, User
from access.routes import OPEN_ROUTES
from access.second_factor import pending
from monitoring.live.access import Credential
from monitoring.live.errors import NotAuthenticated
from tests.access.second_factor.phone import give_phone, half, is_in, key_on
from tests.access.second_factor.test_login import actions
from tests.access.test_routes import ROUTES, is_refused
from tests.cast import PASSWORD, Login

pytestmark = pytest.mark.django_db


def require(settings: LazySettings, who: str) -> None:
    settings.REQUIRE_SECOND_FACTOR = who


def test_who_must_have_one_sets_it_up_at_the_login(admin: User, settings: LazySettings) -> None:
    require(settings, "admins")
    client = half("ada", path="/login?next=/backups")
    assert client.get("/dashboard/account").status_code == 302
    assert client.get("/login/code")["Location"] == "/login"
    phone = key_on(client.get("/login/set-up").content.decode())
    assert client.post("/login/set-up", {"code": phone.wrong()}).status_code == 400
    assert not is_in(client)
    # The same key after a mistake: the phone has it already.
    assert key_on(client.get("/login/set-up").content.decode()) == phone
    done = client.post("/login/set-up", {"code": phone.code()})
    assert len(re.findall(r"(?m)^(?:<pre[^>]*>)?(?:\w{4}-){3}\w{4}$", done.content.decode())) == 10
    assert 'href="/backups"' in done.content.decode()
    assert "no-store" in done["Cache-Control"]
    assert is_in(client)
    assert actions()[-2:] == ["second_factor.enabled", "login.done"]
    assert client.get("/login/set-up")["Location"] == "/login"


@pytest.mark.parametrize(
    ("who", "name", "must"),
    [
        ("admins", "ada", True),
        ("admins", "vera", False),
        ("admins", "root", True),
        ("everyone", "vera", True),
        ("nobody", "ada", False),
    ],
)
def test_of_whom_it_is_required(
    who: str, name: str, must: bool, settings: LazySettings, admin: User, viewer: User,
    superuser: User,
) -> None:  # fmt: skip
    require(settings, who)
    answer = Client().post("/login", {"username": name, "password": PASSWORD})
    assert (answer["Location"] == "/login/set-up") == must


def test_a_session_from_before_opens_nothing_more(
    admin: User, login: Login, settings: LazySettings
) -> None:
    client = login(admin)
    assert is_in(client)
    require(settings, "admins")
    assert not is_in(client)
    assert client.get("/admin/").status_code == 302
    assert client.get("/api/databases").status_code == 401
    # And from there to the set-up.
    answer = client.post("/login", {"username": "ada", "password": PASSWORD})
    assert answer["Location"] == "/login/set-up"


def test_tokens_go_on_opening(admin: User, agent: User, settings: LazySettings) -> None:
    require(settings, "everyone")
    for user in (admin, agent):
        _token, text = Token.objects.create(user=user, name="x", expiry=None)
        client = Client(headers={"Authorization": f"Bearer {text}"})
        assert client.get("/api/schema").status_code == 200


@pytest.mark.exhaustive
def test_half_a_login_is_nobody_at_every_address(admin: User) -> None:
    give_phone(admin)
    client = half("ada")
    opened = [
        (name, path)
        for name, path in ROUTES
        if name not in OPEN_ROUTES and not is_refused(client, path, "get")
    ]
    assert opened == []
    assert pending.SESSION_KEY in client.session


def test_a_socket_of_a_session_from_before_is_nobodys(
    admin: User, login: Login, settings: LazySettings
) -> None:
    credential = Credential(session=str(login(admin).session.session_key))
    assert credential.actor() == admin
    require(settings, "admins")
    with pytest.raises(NotAuthenticated):
        credential.actor()
