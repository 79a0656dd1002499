"""The audit's page: for administrators, of their own companies, in pages, read only."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access import audit, headfile
from access.chain import Head
from access.models import AuditEntry, Company, User
from access.policy import System
from access.sealing import seal_audit
from access.selectors import AuditFilters, list_audit
from config.places import Places
from tests.cast import Login

pytestmark = pytest.mark.django_db
URL = "/dashboard/audit"


@pytest.fixture(autouse=True)
def own_data_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.PLACES = Places(tmp_path)


def write(company: Company, *actions: str, name: str = "tick") -> None:
    for action in actions:
        audit.record(actor=System(name), action=action, thing=company, company=company)


def text(client: Client, query: str = "") -> str:
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_administrator_sees_what_was_done(admin: User, company: Company, login: Login) -> None:
    audit.record(
        actor=admin, action="host.changed", thing=company, company=company,
        changes={"before": {"host": "<b>old</b>"}, "after": {"host": "new"}},
    )  # fmt: skip
    page = text(login(admin))
    assert "host.changed" in page
    assert "&lt;b&gt;old" in page
    assert "not yet sealed" in page
    seal_audit()
    assert "sealed, 1" in text(login(admin))


def test_others_do_not(
    viewer: User, operator: User, agent: User, company: Company, login: Login
) -> None:
    for user in (viewer, operator, agent):
        assert login(user).get(URL).status_code == 403
        assert URL not in login(user).get("/dashboard/").content.decode()
    assert Client().get(URL).status_code == 302


def test_a_stranger_sees_nothing_of_it(
    stranger: User, superuser: User, company: Company, login: Login
) -> None:
    write(company, "secret.plan")
    assert "secret.plan" not in text(login(stranger))
    assert "secret.plan" in text(login(superuser))


def test_it_is_filtered_by_actor_action_and_day(
    admin: User, company: Company, login: Login
) -> None:
    write(company, "backup.deleted", "backup.downloaded", name="olga")
    write(company, "backup.checked", name="pia")
    AuditEntry.objects.filter(action="backup.checked").update(at="2026-01-02T12:00Z")
    client = login(admin)
    for query, seen, hidden in (
        ("?actor=olga", "deleted", "checked"),
        ("?action=backup.d", "downloaded", "checked"),
        ("?from_date=2026-01-02&to_date=2026-01-02", "checked", "deleted"),
        ("?from_date=2026-01-03", "deleted", "checked"),
        ("?action=backup&actor=pia", "checked", "deleted"),
    ):
        page = text(client, query)
        assert f">backup.{seen}<" in page, query
        assert f">backup.{hidden}<" not in page, query
    assert "No entry matches" in text(client, "?actor=nobody")
    for odd in ("?cursor=x", "?cursor=<99999999999999999999", "?from_date=x", "?to_date=9999-12-31",
                "?cursor=%3E%C2%B2"):  # fmt: skip
        text(client, odd)


def test_the_pages_follow_each_other(company: Company, superuser: User) -> None:
    write(company, *(f"a{number}" for number in range(7)))

    def page(cursor: str | None) -> tuple[list[str], str | None, str | None]:
        found = list_audit(actor=superuser, filters=AuditFilters(), cursor=cursor, limit=3)
        return [entry.action for entry in found.results], found.next, found.previous

    first, older, newer = page(None)
    assert (first, newer) == (["a6", "a5", "a4"], None)
    second, last, back = page(older)
    assert second == ["a3", "a2", "a1"]
    third, end, _back = page(last)
    assert (third, end) == (["a0"], None)
    assert page(back)[0] == first
    assert page(back)[2] is None


def test_its_queries_do_not_grow_with_its_rows(admin: User, company: Company, login: Login) -> None:
    from django.db import connection

    client = login(admin)
    text(client)
    counts = []
    for _ in range(2):
        write(company, *"abcdefgh")
        with CaptureQueriesContext(connection) as queries:
            text(client)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_only_reading_is_possible(admin: User, superuser: User, login: Login) -> None:
    for user in (admin, superuser):
        for method in ("post", "put", "patch", "delete"):
            assert getattr(login(user), method)(URL).status_code == 405


def test_a_lost_audit_is_told(superuser: User, login: Login) -> None:
    assert "is not what it was" not in text(login(superuser))
    headfile.write(Head(9, "ab" * 32))
    assert "is not what it was" in text(login(superuser))


def test_the_admin_writes_before_and_after(superuser: User, company: Company, login: Login) -> None:
    url = reverse("admin:access_company_change", args=[company.pk])
    assert login(superuser).post(url, {"name": "Acme & Co"}).status_code == 302
    entry = AuditEntry.objects.get(action="company.changed")
    assert entry.changes == {"before": {"name": "Acme"}, "after": {"name": "Acme & Co"}}
    assert entry.address == "127.0.0.1"
