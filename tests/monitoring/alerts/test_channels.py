"""Channels and maintenance windows by the API and the command line: the same verbs of both."""

import io
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse

from access.models import AuditEntry, Company, User
from monitoring.alerts.models import Channel, Delivery, MaintenanceWindow
from monitoring.alerts.routing import database_now
from monitoring.alerts.services import open_alert
from tests.cast import Login

pytestmark = pytest.mark.django_db
CHANNELS, WINDOWS = "/api/alerts/channels", "/api/alerts/windows"
SECRET = "json://user:topsecretword@example.com/hook"


def send(client: Any, verb: str, path: str, body: dict[str, Any] | None = None) -> HttpResponse:
    found: HttpResponse = getattr(client, verb)(path, body, content_type="application/json")
    return found


def later(**span: float) -> str:
    return (database_now() + timedelta(**span)).isoformat()


def cli(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> Any:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    call_command("alerts", *arguments, "--json", stdout=out)
    return orjson.loads(out.getvalue())


class TestChannelsByTheApi:
    BODY = {
        "name": "Ops",
        "recipients": ["ops@example.org"],
        "rules": ["backup."],
        "quiet_from": "22:00",
        "quiet_to": "06:30",
        "repeat_minutes": 30,
        "time_zone": "Europe/Lisbon",
    }

    def test_made_read_changed_removed(
        self, company: Company, login: Login, admin: User, stranger: User
    ) -> None:
        client = login(admin)
        answer = send(client, "post", CHANNELS, self.BODY)
        assert answer.status_code == 201, answer.content
        made = answer.json()  # type: ignore[attr-defined]
        assert made["company"] == {"id": company.pk, "name": "Acme"}
        assert {name: made[name] for name in self.BODY} == self.BODY
        where = f"{CHANNELS}/{made['id']}"
        assert client.get(where).json() == {**made, "sends": []}
        answer = send(client, "post", f"{where}/test")
        assert answer.status_code == 202
        [sent] = client.get(where).json()["sends"]
        assert sent == answer.json()  # type: ignore[attr-defined]
        changes = {"kind": "service", "address": SECRET, "quiet_from": None, "quiet_to": None}
        answer = send(client, "patch", where, changes)
        assert answer.status_code == 200, answer.content
        assert b"topsecretword" not in answer.content
        found = Channel.objects.get()
        assert (found.address, found.quiet_from, found.repeat_minutes) == (SECRET, None, 30)
        # An address that is not named stays.
        send(client, "patch", where, {"enabled": False})
        assert Channel.objects.get().address == SECRET
        for verb in ("get", "patch", "delete"):
            assert send(login(stranger), verb, where, {}).status_code == 404
        assert client.delete(where).status_code == 204
        assert not Channel.objects.exists()
        said = str(list(AuditEntry.objects.values_list("changes", flat=True)))
        assert "topsecretword" not in said

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"recipients": []}, "recipients"),
            ({"recipients": ["nobody"]}, "recipients"),
            ({"repeat_minutes": 1}, "repeat_minutes"),
            ({"quiet_to": None}, "quiet_to"),
            ({"quiet_from": "25:00"}, "quiet_from"),
            ({"time_zone": "Nowhere/Else"}, "time_zone"),
            ({"kind": "service", "address": "file:///etc/passwd"}, "address"),
            ({"kind": "pigeon"}, "kind"),
            ({"after_count": "3"}, "after_count"),
            ({"name": ""}, "name"),
            ({"unknown": 1}, "unknown"),
            ({"company": "Elsewhere"}, "company"),
        ],
    )
    def test_what_cannot_be_used_is_named(
        self, login: Login, admin: User, change: dict[str, Any], named: str
    ) -> None:
        answer = send(login(admin), "post", CHANNELS, {**self.BODY, **change})
        assert answer.status_code == 400
        assert named in answer.content.decode()
        assert not Channel.objects.exists()

    def test_for_all_companies_superusers_alone(
        self, login: Login, admin: User, superuser: User, viewer: User
    ) -> None:
        body = {**self.BODY, "company": "*"}
        assert send(login(admin), "post", CHANNELS, body).status_code == 403
        assert send(login(viewer), "post", CHANNELS, self.BODY).status_code == 403
        assert send(login(superuser), "post", CHANNELS, body).status_code == 201
        assert Channel.objects.get().company is None


class TestWindowsByTheApi:
    def test_made_changed_ended(
        self, company: Company, login: Login, admin: User, stranger: User, viewer: User
    ) -> None:
        Channel.objects.create(name="mail", recipients=["a@example.org"])
        client = login(admin)
        assert send(login(viewer), "post", WINDOWS, {"ends_at": later(hours=1)}).status_code == 403
        answer = send(client, "post", WINDOWS, {"ends_at": later(hours=1), "reason": "Moving"})
        assert answer.status_code == 201, answer.content
        where = f"{WINDOWS}/{answer.json()['id']}"  # type: ignore[attr-defined]
        open_alert(key="x.y:1", company=company, subject="x")
        window, held = MaintenanceWindow.objects.get(), Delivery.objects.get()
        assert (held.due_at, held.woken_at) == (window.ends_at, None)
        # What waits for its end waits for the new one.
        answer = send(client, "patch", where, {"ends_at": later(hours=3)})
        assert answer.status_code == 200, answer.content
        held.refresh_from_db()
        window.refresh_from_db()
        assert held.due_at == window.ends_at > database_now() + timedelta(hours=2)
        assert send(client, "patch", where, {"about": ["orders"]}).status_code == 200
        held.refresh_from_db()
        assert held.due_at <= database_now()
        for verb in ("get", "patch", "delete"):
            assert send(login(stranger), verb, where, {}).status_code == 404
        assert [one["reason"] for one in client.get(WINDOWS).json()["results"]] == ["Moving"]
        assert client.delete(where).status_code == 204
        assert client.get(where).status_code == 404
        actions = set(AuditEntry.objects.values_list("action", flat=True))
        assert {"maintenance.added", "maintenance.changed", "maintenance.ended"} <= actions

    def test_it_has_an_end_that_is_near(self, login: Login, admin: User) -> None:
        for body in (
            {},
            {"ends_at": later(hours=-1)},
            {"ends_at": later(days=32)},
            {"ends_at": "tomorrow"},
            {"ends_at": later(hours=1), "reason": "x" * 201},
        ):
            assert send(login(admin), "post", WINDOWS, body).status_code == 400
        assert not MaintenanceWindow.objects.exists()

    def test_one_that_comes_later_holds_what_waits_for_the_morning(self, company: Company) -> None:
        """Quiet hours end within the maintenance: the message waits for the end of both."""
        now = database_now()
        hours = {
            "quiet_from": (now - timedelta(hours=1)).time(),
            "quiet_to": (now + timedelta(hours=2)).time(),
        }
        Channel.objects.create(name="mail", recipients=["a@example.org"], **hours)
        MaintenanceWindow.objects.create(
            begins_at=now + timedelta(hours=1), ends_at=now + timedelta(hours=3)
        )
        open_alert(key="x.y:1", company=company, subject="x")
        assert Delivery.objects.get().due_at == now + timedelta(hours=3)

    def test_it_is_changed_on_its_page(
        self, company: Company, login: Login, admin: User, stranger: User
    ) -> None:
        now = database_now()
        window = MaintenanceWindow.objects.create(
            company=company, begins_at=now, ends_at=now + timedelta(hours=1), reason="Moving"
        )
        where = f"/dashboard/alerts/windows/{window.pk}"
        assert "Moving" in login(admin).get(where).content.decode()
        assert login(stranger).get(where).status_code == 404
        form = {
            "begins_at": f"{now:%Y-%m-%dT%H:%M}",
            "ends_at": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}",
            "reason": "Longer",
            "about": "orders\nbilling",
        }
        answer = login(admin).post(where, form)
        assert answer.status_code == 400
        assert "end after it begins" in answer.content.decode()
        form["ends_at"] = f"{now + timedelta(days=1):%Y-%m-%dT%H:%M}"
        assert login(admin).post(where, form).status_code == 302
        window.refresh_from_db()
        assert (window.reason, window.about) == ("Longer", ["orders", "billing"])


class TestCommandLine:
    def test_channels(self, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        made = cli(
            monkeypatch, "channel-add", "Ops", "--to", "a@example.org", "--quiet", "22:00-06:00",
            "--only-rule", "backup.", "--repeat", "30", "--company", "Acme",
        )  # fmt: skip
        assert (made["company"]["id"], made["quiet_from"], made["rules"]) == (
            company.pk, "22:00", ["backup."],
        )  # fmt: skip
        found = cli(
            monkeypatch, "channel-change", "Ops", "--kind", "service", "--address",
            "--quiet", "none", "--only-rule", "none", "--repeat", "none", "--digest", "08:00",
            "--use", "no", typed=f"{SECRET}\n",
        )  # fmt: skip
        assert (found["quiet_from"], found["rules"], found["repeat_minutes"]) == (None, [], None)
        assert (found["digest_at"], found["enabled"], found["has_address"]) == (
            "08:00",
            False,
            True,
        )
        assert Channel.objects.get().address == SECRET
        assert "topsecretword" not in str(cli(monkeypatch, "channels"))
        assert cli(monkeypatch, "channel", "Ops")["sends"] == []
        assert cli(monkeypatch, "channel-remove", "Ops")["name"] == "Ops"
        assert not Channel.objects.exists()

    @pytest.mark.usefixtures("db")
    def test_windows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = cli(monkeypatch, "window-add", "--hours", "2", "--reason", "Moving")
        number = str(made["id"])
        assert made["company"] is None
        found = cli(monkeypatch, "window-change", number, "--hours", "5", "--only-about", "orders")
        begins, ends = (datetime.fromisoformat(found[name]) for name in ("begins_at", "ends_at"))
        assert ends - begins == timedelta(hours=5)
        assert (found["about"], found["reason"]) == (["orders"], "Moving")
        assert len(cli(monkeypatch, "windows")["results"]) == 1
        cli(monkeypatch, "window-end", number)
        assert not MaintenanceWindow.objects.exists()

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (("channel-add", "x"), 2),
            (("channel-add", "x", "--to", "a@b.org", "--quiet", "22:00"), 2),
            (("channel-add", "x", "--to", "a@b.org", "--company", "Nowhere"), 2),
            (("channel-add", "x", "--to", "a@b.org", "--as", "ada"), 4),
            (("channel-change", "x"), 3),
            (("window-add",), 2),
            (("window-add", "--hours", "-1"), 2),
            (("window-add", "--until", "2026-11-22T09:00"), 2),
            (("window-end", "7"), 3),
        ],
    )
    @pytest.mark.usefixtures("admin")
    def test_refusals_have_their_status(
        self, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
    ) -> None:
        with pytest.raises(CommandError) as error:
            cli(monkeypatch, *arguments)
        assert error.value.returncode == code
