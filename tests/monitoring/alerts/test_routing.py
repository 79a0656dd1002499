"""Who is told, and when: channels, quiet hours, maintenance, digests."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from access.models import Company, User
from access.policy import System
from monitoring.alerts.attention import acknowledge_alert
from monitoring.alerts.channels import change_channel
from monitoring.alerts.errors import BadOption
from monitoring.alerts.models import Channel, Delivery
from monitoring.alerts.rounds import (
    gather_digests,
    wake_deliveries,
)
from monitoring.alerts.routing import after_quiet, database_now, newest_digest_time
from monitoring.alerts.sending import send_delivery
from monitoring.alerts.services import Fact, open_alerts, resolve_alert
from monitoring.alerts.windows import add_window, end_window
from tests.monitoring.alerts.mailserver import MailServer
from tests.monitoring.alerts.telling import KEY, ago, tell, to, told

pytestmark = pytest.mark.django_db


class TestWho:
    def test_of_its_company_and_of_all(self, company: Company) -> None:
        other = Company.objects.create(name="Elsewhere")
        to("global"), to("ours", company), to("theirs", other), to("off", enabled=False)
        tell(company)
        assert {name for name, _kind, _status in told()} == {"global", "ours"}
        tell(None, key="disk.reserve")
        assert told(alert__key="disk.reserve") == [("global", "opened", "waiting")]

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            ({"least_severity": "critical"}, False),
            ({"least_severity": "info"}, True),
            ({"rules": ["backup."]}, True),
            ({"rules": ["storage.", "drill"]}, False),
            ({"about": ["Acme"]}, True),
            ({"about": ["orders"]}, False),
        ],
    )
    def test_what_it_takes(self, company: Company, chosen: dict[str, Any], expected: bool) -> None:
        to("mail", **chosen)
        tell(company, thing=company)
        assert bool(told()) is expected

    def test_after_so_many_times(self, company: Company) -> None:
        to("third", after_count=3), to("each")
        for occurrence in ("a", "b", "b"):
            tell(company, occurrence=occurrence)
        assert told() == [("each", "opened", "waiting")]
        for occurrence in ("c", "d"):
            tell(company, occurrence=occurrence)
        assert told() == [("each", "opened", "waiting"), ("third", "opened", "waiting")]

    def test_a_state_is_not_counted(self, company: Company) -> None:
        to("third", after_count=3)
        tell(company)
        assert len(told()) == 1

    def test_who_was_told_hears_that_it_is_over(self, company: Company) -> None:
        to("both"), to("alarms only", on_recovery=False)
        tell(company)
        to("late")
        resolve_alert(key=KEY)
        assert told(kind="resolved") == [("both", "resolved", "waiting")]

    def test_worse_is_told_again(self, company: Company) -> None:
        to("critical", least_severity="critical"), to("all")
        tell(company)
        tell(company, severity="critical")
        tell(company, severity="critical")
        assert sorted(told()) == [
            ("all", "opened", "waiting"),
            ("all", "worse", "waiting"),
            ("critical", "opened", "waiting"),
        ]

    def test_what_has_become_something_else_is_told_again(
        self, company: Company, operator: User
    ) -> None:
        to("all"), to("critical", least_severity="critical")
        missing: dict[str, Any] = {"recipients": ["own@example.org"], "occurrence": "MISSING"}
        alert = tell(company, **missing)
        acknowledge_alert(alert=alert, actor=operator)
        for _time in range(2):
            damaged = {**missing, "occurrence": "HASH_MISMATCH", "changed": True}
            open_alerts([Fact(key=KEY, company=company, subject="damaged", **damaged)])
        assert told() == [
            ("all", "opened", "waiting"),
            ("own@example.org", "opened", "waiting"),
            ("all", "changed", "waiting"),
            ("own@example.org", "changed", "waiting"),
        ]
        alert.refresh_from_db()
        assert (alert.subject, alert.acknowledged_at) == ("damaged", None)


class TestWhen:
    def test_quiet_hours_end_in_their_own_zone(self) -> None:
        channel = Channel(quiet_from=time(22), quiet_to=time(7), time_zone="Europe/Berlin")
        for hour, expected in ((20, 20), (21, 30), (5, 6), (6, 6)):
            moment = datetime(2026, 1, 5, hour, tzinfo=UTC)
            ends = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=expected)
            assert after_quiet(channel, moment) == ends

    def test_in_quiet_hours_only_what_is_critical_goes(self, company: Company) -> None:
        begins = (database_now() - timedelta(hours=1)).time()
        ends = (database_now() + timedelta(hours=2)).time()
        to("mail", quiet_from=begins, quiet_to=ends)
        tell(company)
        tell(company, key="drill.failed:1", severity="critical")
        late, soon = Delivery.objects.order_by("-due_at")
        assert late.due_at - soon.due_at > timedelta(hours=1)
        assert late.woken_at is None
        # Over before the morning: nobody need hear of it at all.
        resolve_alert(key=KEY)
        assert told(alert__key=KEY) == [("mail", "opened", "skipped")]

    def test_maintenance_holds_back_and_its_end_lets_go(self, company: Company) -> None:
        to("mail")
        window = add_window(
            company=company,
            begins_at=ago(minutes=5),
            ends_at=ago(hours=-1),
            actor=System("test"),
            about=["Acme"],
        )
        tell(company, thing=company, severity="critical")
        tell(company, key="drill.failed:1")
        assert wake_deliveries() == 0
        assert Delivery.objects.filter(due_at__gt=Now()).get().due_at == window.ends_at
        end_window(window=window, actor=System("test"))
        assert wake_deliveries() == 1
        with pytest.raises(BadOption):
            add_window(company=company, begins_at=ago(), ends_at=ago(hours=1), actor=System("test"))

    @pytest.mark.usefixtures("channel")
    def test_a_digest_is_one_message_a_day(self, company: Company, mail: MailServer) -> None:
        Channel.objects.update(digest_at=ago(minutes=1).time(), time_zone="UTC")
        for number in range(3):
            tell(company, key=f"storage.full_soon:{number}")
        resolve_alert(key="storage.full_soon:1")
        Delivery.objects.update(created_at=ago(minutes=5))
        assert {status for _name, _kind, status in told()} == {"gathered"}
        assert gather_digests() == 1
        assert gather_digests() == 0
        digest = Delivery.objects.get(kind="digest")
        send_delivery(delivery_id=digest.pk)
        [found] = mail.mails
        assert found["Subject"] == "[Holdfast] 2 alerts are open"
        assert {status for _name, _kind, status in told()} == {"sent"}
        tell(company, key="storage.full:4")
        assert gather_digests() == 0

    def test_a_digest_leaves_out_what_stands_in_maintenance(self, company: Company) -> None:
        Channel.objects.create(
            name="daily", recipients=["a@b.org"], digest_at=ago(minutes=1).time()
        )
        add_window(
            company=company, begins_at=ago(hours=1), ends_at=ago(hours=-1), actor=System("test"),
            about=["Acme"],
        )  # fmt: skip
        tell(company, thing=company)
        Delivery.objects.update(created_at=ago(minutes=5))
        assert gather_digests() == 0
        tell(company, key="drill.failed:1")
        Delivery.objects.update(created_at=ago(minutes=5))
        assert gather_digests() == 1
        assert Delivery.objects.get(kind="digest").gathered.count() == 1

    def test_without_its_hour_what_was_gathered_goes_by_itself(
        self, company: Company, channel: Channel
    ) -> None:
        change_channel(channel=channel, actor=System("test"), digest_at=time(8))
        tell(company)
        change_channel(channel=channel, actor=System("test"), digest_at=None)
        assert told() == [("Ops", "opened", "waiting")]
        assert wake_deliveries() == 1

    def test_the_newest_hour_of_a_digest(self) -> None:
        now = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)
        assert newest_digest_time(time(7), "Europe/Berlin", now=now) == now - timedelta(minutes=30)
        yesterday = datetime(2026, 1, 4, 7, 0, tzinfo=UTC)
        assert newest_digest_time(time(8), "Europe/Berlin", now=now) == yesterday
