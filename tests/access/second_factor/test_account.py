"""The second factor on one's account: set up, moved, new recovery codes, off; and by others."""

import re
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client

from access.models import AuditEntry, RecoveryCode, SecondFactor, User
from access.second_factor import codes
from access.second_factor.services import check
from tests.access.second_factor.phone import Phone, give, give_phone, half, is_in, key_on
from tests.access.test_reauthentication import age
from tests.cast import PASSWORD, Login

pytestmark = pytest.mark.django_db
URL = "/dashboard/account/second-factor"
CONFIRM = "/dashboard/account/confirm"


def shown_codes(page: str) -> list[str]:
    return re.findall(
        r"\b(?:[a-z2-9]{4}-){3}[a-z2-9]{4}\b", page.split("<pre")[1].split("</pre")[0]
    )


def test_it_is_set_up_by_a_code_of_the_phone(viewer: User, login: Login) -> None:
    here, there = login(viewer), login(viewer)
    page = here.get(URL).content.decode()
    phone = key_on(page)
    assert "<svg" in page
    assert "style=" not in page.split("<svg")[1].split("</svg>")[0]
    assert phone.key not in "".join(str(one.get_decoded()) for one in Session.objects.all())
    refused = here.post(URL, {"code": phone.wrong()})
    assert (refused.status_code, "UTC" in refused.content.decode()) == (400, True)
    assert not SecondFactor.objects.exists()
    before = here.session.session_key
    done = here.post(URL, {"code": f"{phone.code()[:3]} {phone.code()[3:]}"})
    assert len(set(shown_codes(done.content.decode()))) == 10
    assert "no-store" in done["Cache-Control"]
    # The sessions that were begun without it are over; this one goes on under a new key.
    assert is_in(here)
    assert here.session.session_key != before
    assert not is_in(there)
    assert AuditEntry.objects.get(action="second_factor.enabled").changes == {"replaces": False}
    assert give(half("vera"), phone.code(later=1)) == 302


def test_what_is_kept_opens_nothing(viewer: User) -> None:
    phone, made = give_phone(viewer)
    kept = str(list(SecondFactor.objects.values()) + list(RecoveryCode.objects.values()))
    kept += str(list(AuditEntry.objects.values()))
    for secret in (phone.key, *made, *(codes.plain(one) for one in made)):
        assert secret not in kept


def test_each_change_asks_who_it_is(viewer: User, login: Login) -> None:
    give_phone(viewer)
    client = login(viewer)
    age(client, timedelta(minutes=11))
    for path, method in (
        (URL, "get"),
        (URL, "post"),
        (f"{URL}/codes", "post"),
        (f"{URL}/off", "post"),
    ):
        answer = getattr(client, method)(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith(CONFIRM)
    assert RecoveryCode.objects.count() == 10
    assert SecondFactor.objects.exists()


def test_who_has_one_confirms_by_a_code(viewer: User, login: Login) -> None:
    phone, made = give_phone(viewer)
    client = login(viewer)
    age(client, timedelta(minutes=11))
    refused = client.post(CONFIRM, {"answer": PASSWORD, "next": URL})
    assert (refused.status_code, "This code is not right" in refused.content.decode()) == (
        400,
        True,
    )
    assert client.post(CONFIRM, {"answer": phone.code(), "next": URL})["Location"] == URL
    assert client.get(URL).status_code == 200
    # What confirmed does not log in, too.
    assert give(half("vera"), phone.code()) == 400
    age(client, timedelta(minutes=11))
    assert client.post(CONFIRM, {"answer": made[0], "next": URL}).status_code == 302


def test_confirming_is_no_way_to_guess(viewer: User, login: Login) -> None:
    phone, _made = give_phone(viewer)
    client = login(viewer)
    found = [client.post(CONFIRM, {"answer": phone.wrong()}).status_code for _ in range(5)]
    assert found == [400, 400, 400, 400, 429]
    assert client.post(CONFIRM, {"answer": phone.code()}).status_code == 429


def test_new_recovery_codes_end_the_old_ones(viewer: User, login: Login) -> None:
    _phone, old = give_phone(viewer)
    new = shown_codes(login(viewer).post(f"{URL}/codes").content.decode())
    assert check(user=viewer, answer=old[0]) == "wrong"
    assert check(user=viewer, answer=new[0]) == "right"
    assert AuditEntry.objects.filter(action="second_factor.codes_renewed").count() == 1


def test_there_are_no_recovery_codes_of_nothing(viewer: User, login: Login) -> None:
    assert login(viewer).post(f"{URL}/codes").status_code == 302
    assert not RecoveryCode.objects.exists()


def test_it_moves_to_another_phone(viewer: User, login: Login) -> None:
    old, old_codes = give_phone(viewer)
    client = login(viewer)
    new = key_on(client.get(URL).content.decode())
    assert new != old
    client.post(URL, {"code": new.code()})
    assert give(half("vera"), old.code(later=1)) == 400
    assert give(half("vera"), old_codes[0]) == 400
    assert give(half("vera"), new.code(later=1)) == 302
    entry = AuditEntry.objects.filter(action="second_factor.enabled").latest("id")
    assert entry.changes == {"replaces": True}


def test_it_is_turned_off(viewer: User, login: Login) -> None:
    give_phone(viewer)
    assert login(viewer).post(f"{URL}/off").status_code == 302
    assert not RecoveryCode.objects.exists()
    assert AuditEntry.objects.filter(action="second_factor.disabled").count() == 1
    answer = Client().post("/login", {"username": "vera", "password": PASSWORD})
    assert answer["Location"] == "/dashboard/"


def test_where_it_is_required_it_is_not_turned_off(
    viewer: User, login: Login, settings: LazySettings
) -> None:
    give_phone(viewer)
    settings.REQUIRE_SECOND_FACTOR = "everyone"
    client = login(viewer)
    assert f"{URL}/off" not in client.get("/dashboard/account").content.decode()
    client.post(f"{URL}/off")
    assert SecondFactor.objects.exists()
    assert is_in(client)


def test_one_key_is_for_one_person(viewer: User, operator: User, login: Login) -> None:
    first = key_on(login(viewer).get(URL).content.decode())
    second = key_on(login(operator).get(URL).content.decode())
    assert first != second
    assert len(first.key) == 32
    assert Phone(first.key).code().isdigit()
