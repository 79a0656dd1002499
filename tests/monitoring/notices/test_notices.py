"""Notices: who may say what to whom, by page, API and command; who hears it, live and on pages."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from access.models import AuditEntry, Company, User
from access.policy import System
from monitoring.notices.models import Notice
from monitoring.notices.selectors import ENDED, current_notices, not_over
from monitoring.notices.services import post_notice, withdraw_notice
from tests.cast import Login
from tests.monitoring.live.conftest import Listening

pytestmark = pytest.mark.django_db
CLI = System("cli")


def send(client: Client, body: dict[str, Any]) -> Any:
    return client.post("/api/notices", body, content_type="application/json")


def test_who_may_say_what_to_whom(
    login: Login, viewer: User, operator: User, admin: User, superuser: User, company: Company
) -> None:
    body = {"title": "Restart at six", "level": "warning", "kind": "maintenance"}
    for user in (viewer, operator):
        assert send(login(user), body).status_code == 403
        assert login(user).get("/dashboard/notices").status_code == 403
    mine = send(login(admin), body)
    assert mine.status_code == 201
    assert mine.json()["company"] == {"id": company.pk, "name": "Acme"}
    assert send(login(admin), {**body, "company": "*"}).status_code == 403
    assert send(login(admin), {**body, "company": "Elsewhere"}).status_code == 400
    to_all = send(login(superuser), body)
    assert to_all.json()["company"] is None
    # An administrator of one company takes back what that one was told, not what all were.
    assert login(admin).delete(f"/api/notices/{to_all.json()['id']}").status_code == 403
    assert login(viewer).delete(f"/api/notices/{mine.json()['id']}").status_code == 403
    assert login(admin).delete(f"/api/notices/{mine.json()['id']}").status_code == 204
    assert [one["id"] for one in login(viewer).get("/api/notices").json()["results"]] == [
        to_all.json()["id"]
    ]
    actions = AuditEntry.objects.filter(action__startswith="notice.").values_list(
        "action", flat=True
    )
    assert sorted(actions) == ["notice.posted", "notice.posted", "notice.withdrawn"]


def test_what_cannot_be(login: Login, admin: User) -> None:
    now = timezone.now()
    for wrong in (
        {"title": " "},
        {"title": "x", "level": "loud"},
        {"title": "x", "kind": "gossip"},
        {"title": "x", "ends_at": (now - timedelta(hours=1)).isoformat()},
        {"title": "x", "starts_at": now.isoformat(), "ends_at": now.isoformat()},
        {"title": "x", "colour": "red"},
    ):
        assert send(login(admin), wrong).status_code == 400, wrong
    assert not Notice.objects.exists()


def test_by_the_page(login: Login, admin: User, viewer: User, stranger: User) -> None:
    form = {
        "title": "Tea & <b>cake</b>",
        "message": "In the kitchen",
        "kind": "system",
        "level": "info",
        "audience": str(admin.memberships.get().company_id),
    }
    page = login(admin)
    assert page.post("/dashboard/notices", {**form, "title": ""}).status_code == 400
    assert page.post("/dashboard/notices", {**form, "audience": "*"}).status_code == 400
    assert page.post("/dashboard/notices", form).status_code == 302
    shown = login(viewer).get("/dashboard/").content.decode()
    assert "Tea &amp; &lt;b&gt;cake&lt;/b&gt;" in shown
    assert "kitchen" not in login(stranger).get("/dashboard/").content.decode()
    notice = Notice.objects.get()
    assert login(stranger).post(f"/dashboard/notices/{notice.pk}/withdraw").status_code == 404
    assert page.post(f"/dashboard/notices/{notice.pk}/withdraw").status_code == 302
    assert "kitchen" not in login(viewer).get("/dashboard/").content.decode()


def test_by_the_command(company: Company) -> None:
    out = StringIO()
    call_command(
        "notice", "post", "Restart", "--level", "error", "--until", "2999-01-01T00:00", stdout=out
    )
    notice = Notice.objects.get(pk=int(out.getvalue()))
    assert (notice.level, notice.company, notice.created_by) == ("error", None, None)
    out = StringIO()
    call_command("notice", "list", "--json", stdout=out)
    [shown] = json.loads(out.getvalue())["results"]
    assert shown["title"] == "Restart"
    call_command("notice", "withdraw", str(notice.pk), stdout=out)
    out = StringIO()
    call_command("notice", "list", stdout=out)
    assert out.getvalue() == ""
    for words, code in (
        (["withdraw", "77"], 3),
        (["post", "x", "--company", "Nobody"], 3),
        (["post", "x", "--until", "soon"], 2),
        (["post", "x", "--until", "2020-01-01T00:00"], 2),
    ):
        with pytest.raises(CommandError) as caught:
            call_command("notice", *words, stdout=out)
        assert caught.value.returncode == code, words


def test_what_is_to_come_is_not_told_yet(company: Company) -> None:
    later = timezone.now() + timedelta(hours=1)
    notice = post_notice(actor=CLI, title="Later", starts_at=later, company=company)
    assert current_notices() == []
    withdraw_notice(actor=CLI, notice=notice)
    withdraw_notice(actor=CLI, notice=notice)
    assert not not_over(Notice.objects.all()).exists()
    # Nobody has seen it: nobody is told that it is over.
    assert current_notices() == []


@pytest.mark.django_db(transaction=True)
def test_all_who_listen_hear_it_and_who_comes_later(
    listening: Listening, viewer: User, stranger: User, agent: User, company: Company
) -> None:
    sockets = [listening.socket("/ws/general", user) for user in (viewer, agent, stranger)]
    for socket in sockets:
        assert socket.next()["type"] == "connection_established"
    first = post_notice(actor=CLI, title="To all", kind="alert", level="error", message="!")
    post_notice(actor=CLI, title="To Acme", company=company)
    for socket in sockets[:2]:
        said = [socket.next()["data"] for _ in range(2)]
        assert [one["title"] for one in said] == ["To all", "To Acme"]
        assert said[0]["ends_at"] is None
        assert (said[0]["kind"], said[0]["level"], said[0]["message"]) == ("alert", "error", "!")
        assert set(said[0]) == {
            *("id", "kind", "level", "title", "message", "starts_at", "ends_at"),
        }
    assert sockets[2].next()["data"]["title"] == "To all"
    late = listening.socket("/ws/general", viewer)
    assert [late.next()["type"], late.next()["data"]["title"], late.next()["data"]["title"]] == [
        *("connection_established", "To all", "To Acme"),
    ]
    withdraw_notice(actor=CLI, notice=first)
    for socket in (*sockets, late):
        end = socket.next()
        assert end["data"]["id"] == first.pk
        assert end["data"]["ends_at"] <= end["timestamp"]
    # Whose page is from before that end hears of it, too; not whose is from long after it.
    after = listening.socket("/ws/general", stranger)
    after.next()
    assert after.next()["data"]["id"] == first.pk
    before = timezone.now() - 2 * ENDED
    Notice.objects.filter(pk=first.pk).update(starts_at=before - ENDED, ends_at=before)
    much_later = listening.socket("/ws/general", stranger)
    much_later.next()
    with pytest.raises(TimeoutError):
        much_later.next(seconds=0.7)
    connection.close()
