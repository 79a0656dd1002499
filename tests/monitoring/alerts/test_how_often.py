"""How often one is told: repeats, acknowledgement, snooze."""

from datetime import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Company, User
from monitoring.alerts.attention import acknowledge_alert, snooze_alert
from monitoring.alerts.errors import BadOption, IsOver
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.rounds import (
    end_snoozes,
    repeat_alerts,
    tend_alerts,
)
from monitoring.alerts.services import resolve_alert
from tests.monitoring.alerts.telling import KEY, ago, tell, to, told

pytestmark = pytest.mark.django_db


class TestHowOften:
    def sent(self, **span: float) -> None:
        Delivery.objects.update(status="sent", due_at=ago(**span))

    def test_until_somebody_acknowledges(self, company: Company, operator: User) -> None:
        to("again", repeat_minutes=30), to("once")
        alert = tell(company)
        assert repeat_alerts() == 0
        self.sent(minutes=31)
        assert repeat_alerts() == 1
        assert repeat_alerts() == 0
        self.sent(minutes=31)
        acknowledge_alert(alert=alert, actor=operator)
        assert repeat_alerts() == 0
        assert told(kind="repeated") == [("again", "repeated", "sent")]

    def test_a_snooze_is_silent_and_ends(self, company: Company, operator: User) -> None:
        to("again", repeat_minutes=30)
        alert = tell(company)
        self.sent(minutes=31)
        snooze_alert(alert=alert, actor=operator, until=ago(hours=-1))
        assert repeat_alerts() == 0
        end_snoozes()
        assert len(told()) == 1
        Alert.objects.update(snoozed_until=ago(seconds=1))
        tend_alerts()
        tend_alerts()
        assert told(kind="repeated") == [("again", "repeated", "waiting")]

    def test_what_waits_when_it_is_snoozed_is_not_sent(
        self, company: Company, operator: User
    ) -> None:
        to("morning", quiet_from=ago(hours=1).time(), quiet_to=ago(hours=-1).time())
        to("daily", digest_at=time(8)), to("third", after_count=3)
        alert = tell(company, occurrence="1", recipients=["own@example.org"])
        snooze_alert(alert=alert, actor=operator, until=ago(hours=-2))
        assert {status for name, _kind, status in told() if name in ("morning", "daily")} == {
            "skipped"
        }
        # What happens meanwhile is counted, and told at the end to all who wait for so many.
        for occurrence in "23":
            tell(company, occurrence=occurrence)
        assert told(channel_name="third") == []
        Alert.objects.update(snoozed_until=ago(seconds=1))
        end_snoozes()
        end_snoozes()
        assert told(channel_name="third") == [("third", "opened", "waiting")]
        for name in ("morning", "daily", "own@example.org"):
            assert [kind for _name, kind, _status in told(channel_name=name)] == [
                "opened", "repeated",
            ], name  # fmt: skip

    def test_a_repeat_that_waits_is_not_sent_after_somebody_acknowledged(
        self, company: Company, operator: User
    ) -> None:
        to("again", repeat_minutes=30)
        alert = tell(company)
        self.sent(minutes=31)
        assert repeat_alerts() == 1
        acknowledge_alert(alert=alert, actor=operator)
        assert told(kind="repeated") == [("again", "repeated", "skipped")]
        assert "acknowledged" in Delivery.objects.get(kind="repeated").error

    def test_many_are_repeated_by_as_many_statements_as_one(self, company: Company) -> None:
        again = to("again", repeat_minutes=30)
        counts = []
        for number in (1, 60):
            for one in range(number):
                tell(company, key=f"x.y:{number}.{one}")
            # What the channel does not take any more stands before the others, and in nobody's way.
            Channel.objects.filter(pk=again.pk).update(rules=["x."])
            self.sent(minutes=31)
            with CaptureQueriesContext(connection) as queries:
                assert repeat_alerts() == (1 if number == 1 else 61)
            counts.append(len(queries))
        assert counts[0] == counts[1]

    def test_a_snooze_has_an_end(self, company: Company, operator: User) -> None:
        alert = tell(company)
        for until in (ago(minutes=1), ago(days=-40)):
            with pytest.raises(BadOption):
                snooze_alert(alert=alert, actor=operator, until=until)
        resolve_alert(key=KEY)
        with pytest.raises(IsOver):
            snooze_alert(alert=alert, actor=operator, until=ago(hours=-1))

    def test_what_nothing_takes_back_is_over_when_acknowledged(
        self, company: Company, operator: User
    ) -> None:
        lasting, news = tell(company), tell(company, key="restore.failed:1", lasting=False)
        assert acknowledge_alert(alert=lasting, actor=operator).is_open
        assert not acknowledge_alert(alert=news, actor=operator).is_open
