"""One's own account: password, sessions and tokens, and never another's."""

import re
import uuid

import pytest
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.db.models.functions import Now
from django.test import Client

from access.models import AuditEntry, LoginSession, Token, User
from access.sessions import SEEN, forget_ended_sessions, sessions_of
from access.tokens import create_token, tokens_of
from tests.cast import PASSWORD, Login

pytestmark = pytest.mark.django_db
URL = "/dashboard/account"
NEW = "a quite new passphrase"


def enter(name: str, address: str = "192.0.2.1") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"User-Agent": "Firefox"})
    answer = client.post("/login", {"username": name, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def change(client: Client, old: str, new: str, again: str | None = None) -> int:
    given = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return int(client.post(f"{URL}/password", given).status_code)


def test_each_role_has_an_account(viewer: User, operator: User, admin: User, login: Login) -> None:
    for user in (viewer, operator, admin):
        page = login(user).get(URL).content.decode()
        assert "Sessions" in page
        assert f'href="{URL}"' in page


def test_a_new_password_ends_the_other_sessions(viewer: User) -> None:
    here, there = enter("vera"), enter("vera", "192.0.2.2")
    assert change(here, PASSWORD, NEW) == 302
    assert here.get(URL).status_code == 200
    assert there.get(URL).status_code == 302
    assert sessions_of(viewer).count() == 1
    viewer.refresh_from_db()
    assert viewer.check_password(NEW)
    assert AuditEntry.objects.get(action="password.changed").changes == {}


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("wrong", NEW, NEW),
        (PASSWORD, NEW, "another passphrase"),
        (PASSWORD, "short", "short"),
        (PASSWORD, "83726153948", "83726153948"),
        (PASSWORD, "password123", "password123"),
    ],
)
def test_a_bad_password_is_refused(old: str, new: str, again: str, viewer: User) -> None:
    client = enter("vera")
    assert change(client, old, new, again) == 400
    viewer.refresh_from_db()
    assert viewer.check_password(PASSWORD)


def test_the_sessions_say_from_where_and_which_is_this(viewer: User) -> None:
    enter("vera", "192.0.2.2")
    page = enter("vera").get(URL).content.decode()
    assert "192.0.2.1" in page
    assert "192.0.2.2" in page
    assert page.count("this one") == 1
    assert "Firefox" in page
    for session in Session.objects.all():
        assert session.session_key not in page


def test_a_session_is_ended_from_another(viewer: User) -> None:
    here, there = enter("vera"), enter("vera", "192.0.2.2")
    other = sessions_of(viewer).get(address="192.0.2.2")
    answer = here.post(f"{URL}/sessions/end", {"session": str(other.public_id)})
    assert answer.status_code == 302
    assert there.get(URL).status_code == 302
    assert here.get(URL).status_code == 200
    assert AuditEntry.objects.get(action="session.ended").changes["address"] == "192.0.2.2"


def test_all_others_are_ended_at_once(viewer: User, operator: User) -> None:
    here, others = enter("vera"), [enter("vera"), enter("vera")]
    otto = enter("otto")
    here.post(f"{URL}/sessions/end", {"session": "others"})
    assert here.get(URL).status_code == 200
    assert [other.get(URL).status_code for other in others] == [302, 302]
    assert otto.get(URL).status_code == 200


def test_anothers_session_is_not_there(viewer: User, operator: User) -> None:
    enter("otto")
    other = sessions_of(operator).get()
    for which in (str(other.public_id), str(uuid.uuid4()), "x", ""):
        assert enter("vera").post(f"{URL}/sessions/end", {"session": which}).status_code == 404
    assert sessions_of(operator).exists()


def test_a_session_is_seen_at_most_once_a_minute(viewer: User) -> None:
    client = enter("vera")
    first = LoginSession.objects.get().seen_at
    client.get(URL)
    assert LoginSession.objects.get().seen_at == first
    session = client.session
    session[SEEN] -= 61
    session.save()
    client.get(URL)
    assert LoginSession.objects.get().seen_at > first


def test_a_session_goes_with_the_logout_and_with_time(viewer: User) -> None:
    client = enter("vera")
    client.post("/logout")
    assert not LoginSession.objects.exists()
    enter("vera")
    Session.objects.update(expire_date=Now())
    assert not sessions_of(viewer).exists()
    forget_ended_sessions()
    assert not Session.objects.exists()


def make(client: Client, **fields: str) -> str:
    given = {"name": "my script", "scope": "viewer", "days": "30", **fields}
    answer = client.post(f"{URL}/tokens", given)
    assert answer.status_code == 200, answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    return shown(answer.content.decode())


def shown(page: str) -> str:
    found = re.search(r"hf_\w{20,}", page)
    assert found
    return found[0]


def ask(token: str, path: str = "/api/backup/list") -> int:
    return Client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_opens_the_api(operator: User) -> None:
    client = enter("otto")
    text = make(client)
    assert ask(text) == 200
    page = client.get(URL).content.decode()
    assert text not in page
    assert "my script" in page
    token = Token.objects.get()
    assert token.last_used_at is not None
    assert token.expiry is not None
    assert "hf_" not in str(AuditEntry.objects.get(action="token.created").changes)


@pytest.mark.parametrize(
    "fields", [{"scope": "admin"}, {"scope": "root"}, {"days": "9999"}, {"days": ""}, {"name": ""}]
)
def test_a_token_is_no_more_than_its_bearer_and_ends(
    fields: dict[str, str], operator: User
) -> None:
    given = {"name": "x", "scope": "viewer", "days": "30", **fields}
    assert enter("otto").post(f"{URL}/tokens", given).status_code == 400
    assert not Token.objects.exists()


def test_a_token_is_replaced_and_revoked(operator: User) -> None:
    client = enter("otto")
    first = make(client)
    old = Token.objects.get()
    answer = client.post(f"{URL}/tokens/{old.pk}/rotate")
    second = shown(answer.content.decode())
    assert ask(first) == ask(second) == 200
    new = Token.objects.exclude(pk=old.pk).get()
    old.refresh_from_db()
    assert (new.name, new.scope) == (old.name, old.scope)
    assert old.expiry is not None
    assert new.expiry is not None
    assert old.expiry < new.expiry
    for token in (old, new):
        assert client.post(f"{URL}/tokens/{token.pk}/revoke").status_code == 302
    assert ask(first) == ask(second) == 401
    assert AuditEntry.objects.filter(action="token.revoked").count() == 2


def test_anothers_token_is_not_there(viewer: User, operator: User, admin: User) -> None:
    create_token(user=operator, name="his", actor=operator)
    token = tokens_of(operator).get()
    for name in ("vera", "ada"):
        client = enter(name)
        for verb in ("rotate", "revoke"):
            assert client.post(f"{URL}/tokens/{token.pk}/{verb}").status_code == 404
    assert tokens_of(operator).count() == 1


def test_guessing_the_present_password_is_locked_out(viewer: User) -> None:
    client = enter("vera")
    assert [change(client, "wrong", NEW) for _ in range(5)] == [400, 400, 400, 400, 429]
    assert change(client, PASSWORD, NEW) == 429
    viewer.refresh_from_db()
    assert viewer.check_password(PASSWORD)
    assert NEW not in str(AccessAttempt.objects.values_list("post_data"))
    # A new password that is bad is no guess.
    other = enter("vera", "192.0.2.2")
    assert [change(other, PASSWORD, "short") for _ in range(6)] == [400] * 6
