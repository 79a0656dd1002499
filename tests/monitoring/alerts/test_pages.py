"""Pages, API and command line of alerts: who sees and does what, and what is never shown."""

from io import StringIO
from itertools import chain
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access.models import AuditEntry, Company, User
from access.policy import System
from monitoring.alerts.models import Alert, Channel, Delivery, MaintenanceWindow
from monitoring.alerts.selectors import AlertFilters, list_alerts
from monitoring.alerts.services import open_alert, resolve_alert
from tests.cast import Login
from tests.monitoring.alerts.mailserver import MailServer

pytestmark = pytest.mark.django_db
CHANNELS = "/dashboard/alerts/channels"
FORM = {
    "name": "Ops",
    "kind": "mail",
    "recipients": "ops@example.org\nsecond@example.org",
    "enabled": "on",
    "least_severity": "warning",
    "after_count": "1",
    "on_recovery": "on",
    "time_zone": "UTC",
}


def tell(company: Company | None, name: str = "orders", **said: Any) -> Alert:
    said = {"subject": f"{name} failed", "thing": company, **said}
    return open_alert(key=f"backup.failed:{name}", company=company, **said)


def cli(*arguments: str) -> str:
    out = StringIO()
    call_command("alerts", *arguments, stdout=out)
    return out.getvalue()


class TestList:
    def test_open_first_and_keyset_in_both_directions(self, company: Company) -> None:
        names = [f"n{number}" for number in range(7)]
        for name in names:
            tell(company, name)
        for name in ("n1", "n5", "n6"):
            resolve_alert(key=f"backup.failed:{name}")
        expected = ["n4", "n3", "n2", "n0", "n6", "n5", "n1"]
        for limit in (1, 2, 3, 7, 50):
            found, cursors, cursor = [], [], None
            while True:
                page = list_alerts(
                    actor=System("t"), filters=AlertFilters(), cursor=cursor, limit=limit
                )
                found.append([one.key.rpartition(":")[2] for one in page.results])
                cursors.append(page.previous)
                if (cursor := page.next) is None:
                    break
            assert list(chain.from_iterable(found)) == expected
            for number in range(len(found) - 1, 0, -1):
                page = list_alerts(
                    actor=System("t"), filters=AlertFilters(), cursor=cursors[number], limit=limit
                )
                assert [one.key.rpartition(":")[2] for one in page.results] == found[number - 1]

    def test_one_sees_those_of_ones_companies(
        self, company: Company, login: Login, viewer: User, stranger: User, superuser: User
    ) -> None:
        ours, all_ = tell(company), tell(None, "disk", thing=None)
        for person, expected in ((viewer, [200, 404]), (stranger, [404, 404])):
            client = login(person)
            paths = (f"/dashboard/alerts/{ours.pk}", f"/dashboard/alerts/{all_.pk}")
            assert [client.get(path).status_code for path in paths] == expected
        page = login(superuser).get("/dashboard/alerts").content.decode()
        assert "orders failed" in page
        assert "disk failed" in page

    def test_the_navigation_counts_what_waits(
        self, company: Company, login: Login, operator: User
    ) -> None:
        alert = tell(company)
        tell(company, "billing")
        client = login(operator)
        assert "data-count>2<" in client.get("/dashboard/alerts").content.decode()
        where = f"/dashboard/alerts/{alert.pk}/act"
        assert client.post(where, {"act": "acknowledge", "back": "list"}).status_code == 302
        assert "data-count>1<" in client.get("/dashboard/alerts").content.decode()

    def test_a_page_with_filters(self, company: Company, login: Login, viewer: User) -> None:
        tell(company, text="<script>alert(1)</script>")
        tell(company, "billing", severity="critical")
        client = login(viewer)
        page = client.get("/dashboard/alerts", {"severity": "critical"}).content.decode()
        assert "billing failed" in page
        assert "orders failed" not in page
        assert "<script>alert(1)" not in client.get("/dashboard/alerts").content.decode()
        assert client.get("/dashboard/alerts?cursor=x&state=y").status_code == 200


class TestActs:
    def test_operators_act_and_viewers_do_not(
        self, company: Company, login: Login, viewer: User, operator: User
    ) -> None:
        alert = tell(company)
        where = f"/dashboard/alerts/{alert.pk}/act"
        assert login(viewer).post(where, {"act": "acknowledge"}).status_code == 403
        assert login(operator).post(where, {"act": "snooze", "hours": "3"}).status_code == 400
        assert login(operator).post(where, {"act": "snooze", "hours": "4"}).status_code == 302
        alert.refresh_from_db()
        assert alert.snoozed_until is not None
        page = login(operator).get(f"/dashboard/alerts/{alert.pk}").content.decode()
        assert "Snoozed until" in page
        assert AuditEntry.objects.filter(action="alert.snoozed", actor=operator).exists()

    def test_the_same_by_the_api(
        self, company: Company, login: Login, viewer: User, operator: User
    ) -> None:
        alert = tell(company)
        client = login(operator)
        where = f"/api/alerts/{alert.pk}"
        answer = client.post(
            f"{where}/snooze", {"until": "2000-01-01T00:00:00Z"}, "application/json"
        )
        assert (answer.status_code, answer.json()["option"]) == (400, "until")
        assert login(viewer).post(f"{where}/acknowledge").status_code == 403
        assert client.post(f"{where}/acknowledge").json()["acknowledged_by"] == "otto"
        resolve_alert(key=alert.key)
        answer = client.post(f"{where}/acknowledge")
        assert (answer.status_code, answer.json()["code"]) == (409, "alert_is_over")
        found = client.get("/api/alerts?state=resolved&limit=1").json()
        assert [one["id"] for one in found["results"]] == [alert.pk]
        assert client.get("/api/alerts?state=x").json()["option"] == "state"
        assert client.get(where).json()["sends"] == []

    def test_the_same_by_the_command_line(self, company: Company, operator: User) -> None:
        alert = tell(company)
        assert "orders failed" in cli("list")
        assert orjson.loads(cli("list", "--json"))["results"][0]["id"] == alert.pk
        assert "snoozed until" in cli("snooze", str(alert.pk), "--hours", "2")
        assert "acknowledged" in cli("acknowledge", str(alert.pk), "--as", "otto")
        alert.refresh_from_db()
        assert alert.acknowledged_by == operator.get_username()
        for arguments, code in (
            (("acknowledge", "9999"), 3),
            (("snooze", str(alert.pk), "--hours", "-1"), 2),
            (("list", "--as", "nobody"), 3),
        ):
            with pytest.raises(CommandError) as found:
                cli(*arguments)
            assert found.value.returncode == code


class TestChannels:
    def test_an_administrator_makes_tests_and_removes_one(
        self, company: Company, login: Login, admin: User, mail: MailServer, channel: Channel
    ) -> None:
        channel.delete()
        client = login(admin)
        answer = client.post(f"{CHANNELS}/new", {**FORM, "address": mail.url})
        made = Channel.objects.get()
        assert answer.headers["Location"] == f"{CHANNELS}/{made.pk}"
        assert (made.company, made.recipients[1]) == (company, "second@example.org")
        assert made.address == mail.url
        page = client.get(f"{CHANNELS}/{made.pk}").content.decode()
        assert str(mail.port) not in page
        assert client.post(f"{CHANNELS}/{made.pk}/act", {"act": "test"}).status_code == 302
        assert "Sent" in cli("test", "Ops") or Delivery.objects.filter(status="sent").exists()
        assert mail.mails[0]["Subject"].startswith("[Test] ")
        # An empty address leaves the stored one.
        client.post(f"{CHANNELS}/{made.pk}", {**FORM, "name": "Night"})
        made.refresh_from_db()
        assert (made.name, made.address) == ("Night", mail.url)
        assert client.post(f"{CHANNELS}/{made.pk}/act", {"act": "remove"}).status_code == 302
        assert not Channel.objects.exists()
        assert Delivery.objects.filter(channel_name="Ops").exists()

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"recipients": ""}, "Who is to get it?"),
            ({"recipients": "not a mail"}, "is no mail address"),
            ({"address": "http://x"}, "smtp+tls://"),
            ({"address": "smtp://127.0.0.1:25"}, "inner network"),
            ({"address": "smtp://169.254.169.254"}, "inner network"),
            ({"quiet_from": "22:00"}, "have a beginning and an end"),
            ({"repeat_minutes": "1"}, "every five minutes"),
            ({"time_zone": "Europe/Nowhere"}, "no such time zone"),
            ({"kind": "service", "address": "file:///etc/passwd"}, "is not a service"),
            ({"kind": "service", "address": "syslog://"}, "is not a service"),
            ({"kind": "service", "address": "json://127.0.0.1/x"}, "inner network"),
            ({"kind": "service", "address": "ntfy://[::1]/x"}, "inner network"),
            ({"kind": "service", "address": "slack://"}, "Something is missing"),
            (
                {
                    "kind": "service",
                    "address": "workflow://host/a/b/c?template=/etc/passwd",
                },
                "must not name files",
            ),
        ],
    )
    def test_what_cannot_be_used_is_said(
        self, login: Login, admin: User, given: dict[str, str], said: str
    ) -> None:
        answer = login(admin).post(f"{CHANNELS}/new", {**FORM, **given})
        assert answer.status_code == 400
        assert said in answer.content.decode()
        assert not Channel.objects.exists()

    def test_one_for_all_companies_is_the_superusers(
        self, login: Login, admin: User, superuser: User
    ) -> None:
        assert login(superuser).post(f"{CHANNELS}/new", FORM).status_code == 302
        made = Channel.objects.get()
        assert made.company is None
        client = login(admin)
        assert client.get(f"{CHANNELS}/{made.pk}").status_code == 404
        assert b"Ops" not in client.get(CHANNELS).content

    def test_maintenance_begins_and_ends(
        self, company: Company, login: Login, admin: User, stranger: User
    ) -> None:
        client = login(admin)
        form = {"hours": "2", "reason": "New disks", "about": "orders"}
        assert client.post("/dashboard/alerts/windows", form).status_code == 302
        window = MaintenanceWindow.objects.get()
        assert (window.company, window.about) == (company, ["orders"])
        assert b"New disks" in client.get(CHANNELS).content
        end = f"/dashboard/alerts/windows/{window.pk}/end"
        assert login(stranger).post(end).status_code == 404
        assert client.post(end).status_code == 302
        assert not MaintenanceWindow.objects.exists()

    def test_the_admin_site_edits_it_by_the_same_verb(
        self, login: Login, admin: User, channel: Channel, company: Company
    ) -> None:
        Channel.objects.update(company=company)
        client: Client = login(admin)
        where = f"/admin/monitoring/channel/{channel.pk}/change/"
        assert channel.address not in client.get(where).content.decode()
        form = {**FORM, "name": "By the admin", "rules": "backup.", "about": ""}
        assert client.post(where, {**form, "recipients": "no"}).status_code == 200
        assert client.post(where, form).status_code == 302
        found = Channel.objects.get()
        assert (found.name, found.rules, found.address) == (
            "By the admin",
            ["backup."],
            channel.address,
        )
        assert AuditEntry.objects.filter(action="channel.changed").exists()
