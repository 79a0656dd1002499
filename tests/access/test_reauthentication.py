"""Asking again who sits there: when, how long an answer holds, and where it leads."""

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from access import reauthentication
from access.models import AuditEntry, Token, User
from access.reauthentication import SESSION_KEY, is_recent, require_recent
from backups.models import Database
from tests.cast import PASSWORD, Login

pytestmark = pytest.mark.django_db
URL = "/dashboard/account/confirm"
TOKEN = {"name": "report", "scope": "", "days": "7"}


def age(client: Client, by: timedelta) -> None:
    session = client.session
    session[SESSION_KEY] -= int(by.total_seconds())
    session.save()


@pytest.fixture
def stale(viewer: User, login: Login) -> Client:
    """A session that was confirmed ten minutes ago."""
    client = login(viewer)
    age(client, timedelta(minutes=10))
    return client


def test_a_login_is_an_answer_and_holds_ten_minutes(viewer: User, login: Login) -> None:
    client = login(viewer)
    assert client.post("/dashboard/account/tokens", TOKEN).status_code == 200
    age(client, timedelta(minutes=9))
    assert client.post("/dashboard/account/tokens", TOKEN).status_code == 200
    age(client, timedelta(minutes=1))
    assert client.post("/dashboard/account/tokens", TOKEN).status_code == 302
    assert Token.objects.count() == 2


def test_one_is_led_to_confirm_and_back(stale: Client) -> None:
    answer = stale.post(
        "/dashboard/account/tokens",
        TOKEN,
        headers={"Referer": "http://testserver/dashboard/account"},
    )
    assert answer["Location"] == f"{URL}?next=%2Fdashboard%2Faccount"
    asked = stale.get(answer["Location"])
    assert 'value="/dashboard/account"' in asked.content.decode()
    given = {"answer": PASSWORD, "next": "/dashboard/account"}
    assert stale.post(URL, given)["Location"] == "/dashboard/account"
    assert stale.post("/dashboard/account/tokens", TOKEN).status_code == 200


def test_a_wrong_answer_opens_nothing(stale: Client) -> None:
    answer = stale.post(URL, {"answer": "wrong", "next": "/dashboard/account"})
    assert answer.status_code == 400
    assert "This is not your password." in answer.content.decode()
    assert stale.post("/dashboard/account/tokens", TOKEN).status_code == 302


def test_answers_are_counted_with_the_logins(stale: Client, viewer: User) -> None:
    for _ in range(5):
        stale.post(URL, {"answer": "wrong"})
    locked = stale.post(URL, {"answer": PASSWORD})
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert AuditEntry.objects.filter(action="login.locked_out").count() == 1
    assert "wrong" not in str(AccessAttempt.objects.values_list("post_data"))
    assert Client().post("/login", {"username": "vera", "password": PASSWORD}).status_code == 429
    assert stale.post("/dashboard/account/tokens", TOKEN).status_code == 302


@pytest.mark.parametrize(
    "away",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", ""],
)
def test_it_leads_to_no_other_host(stale: Client, away: str) -> None:
    assert stale.post(URL, {"answer": PASSWORD, "next": away})["Location"] == "/"


def test_a_form_of_another_host_is_no_way_back(stale: Client) -> None:
    sent = {"Referer": "https://evil.example/dashboard/account"}
    answer = stale.post("/dashboard/account/tokens", TOKEN, headers=sent)
    assert answer["Location"] == f"{URL}?next=%2F"


def test_a_clock_set_back_makes_no_answer_hold_longer(stale: Client) -> None:
    age(stale, -timedelta(hours=3))
    assert stale.post("/dashboard/account/tokens", TOKEN).status_code == 302


def test_a_page_is_asked_for_again_as_it_was(stale: Client, rf: RequestFactory) -> None:
    @require_recent
    def page(request: HttpRequest, number: int) -> HttpResponse:
        return HttpResponse(str(number))

    request: Any = rf.get("/x/3?y=1")
    request.session = stale.session
    assert page(request, 3).headers["Location"] == f"{URL}?next=%2Fx%2F3%3Fy%3D1"
    reauthentication.mark(request)
    assert page(request, 3).content == b"3"  # type: ignore[attr-defined]  # it streams nothing
    assert is_recent(request)


def test_a_database_goes_only_after_it(admin: User, login: Login, database: Database) -> None:
    client = login(admin)
    age(client, timedelta(minutes=11))
    path = f"/api/databases/{database.pk}?confirm=orders"
    answer = client.delete(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "confirmation_needed")
    assert URL in answer.json()["detail"]
    client.post(URL, {"answer": PASSWORD})
    assert client.delete(path).status_code == 204


def test_who_may_not_is_told_so_first(viewer: User, stale: Client, database: Database) -> None:
    answer = stale.delete(f"/api/databases/{database.pk}?confirm=orders")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_a_token_is_not_asked(admin: User, database: Database) -> None:
    _token, text = Token.objects.create(user=admin, name="x", expiry=None)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert client.delete(f"/api/databases/{database.pk}?confirm=orders").status_code == 204


def test_it_names_the_minutes(stale: Client) -> None:
    assert f"{reauthentication.MINUTES} minutes" in stale.get(URL).content.decode()
