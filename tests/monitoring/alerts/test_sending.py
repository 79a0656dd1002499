"""Messages leave the outbox: by a real mail server that takes, refuses, stalls and drops."""

from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db.models.functions import Now
from django_q.models import OrmQ

from access.models import Company
from access.policy import System
from config.env import email_settings
from monitoring.alerts.carriers import mail as carrier
from monitoring.alerts.carriers.mail import hide
from monitoring.alerts.errors import Refused
from monitoring.alerts.models import Alert, Channel, Delivery, MaintenanceWindow
from monitoring.alerts.rounds import wake_deliveries
from monitoring.alerts.sending import MOST_ATTEMPTS, _write_failure, claim, send_delivery
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.alerts.windows import end_window
from tests.monitoring.alerts.mailserver import MailServer
from tests.monitoring.alerts.telling import ago

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("channel")]
KEY = "backup.failed:orders"


def tell(company: Company) -> Delivery:
    open_alert(
        key=KEY, company=company, subject="The backup of orders failed", text="disk <full>",
        url="/x", severity="critical", thing=company,
    )  # fmt: skip
    delivery: Delivery = Delivery.objects.get(alert__key=KEY, alert__resolved_at=None)
    return delivery


def send(delivery: Delivery) -> Delivery:
    """As the queue would, at once."""
    Delivery.objects.filter(pk=delivery.pk, status="waiting").update(due_at=Now())
    send_delivery(delivery_id=delivery.pk)
    delivery.refresh_from_db()
    return delivery


class TestTaken:
    def test_a_mail_in_text_and_html(self, company: Company, mail: MailServer) -> None:
        delivery = tell(company)
        assert OrmQ.objects.count() == 1
        send(delivery)
        assert (delivery.status, delivery.attempts, delivery.error) == ("sent", 1, "")
        assert delivery.sent_at is not None
        [found] = mail.mails
        assert found["Subject"] == "[Critical] The backup of orders failed"
        assert (found["To"], found["Auto-Submitted"]) == ("ops@example.org", "auto-generated")
        plain, html = (part.get_content() for part in found.iter_parts())
        assert "disk <full>" in plain
        assert "disk &lt;full&gt;" in html
        assert f"/dashboard/alerts/{delivery.alert_id}" in plain

    def test_what_is_sent_is_not_sent_again(self, company: Company, mail: MailServer) -> None:
        delivery = send(tell(company))
        for _time in range(3):
            send(delivery)
        assert len(mail.mails) == 1

    def test_a_goodbye_that_fails_changes_nothing(self, company: Company, mail: MailServer) -> None:
        mail.refuses["gone@example.org"] = "550 no such user"
        Channel.objects.update(recipients=["ops@example.org", "gone@example.org"])
        delivery = send(tell(company))
        assert delivery.status == "sent"
        assert "gone@example.org: 550" in delivery.error
        told = Alert.objects.open().get(rule="alerts.undelivered")
        assert "Ops" in told.subject
        # Not by the channel that it is about.
        assert not told.deliveries.exists()

    def test_the_recovery_goes_after_the_alarm(self, company: Company, mail: MailServer) -> None:
        first = tell(company)
        resolve_alert(key=KEY)
        second = Delivery.objects.get(kind="resolved")
        send(second)
        assert (second.status, mail.mails) == ("waiting", [])
        OrmQ.objects.all().delete()
        send(first)
        assert OrmQ.objects.count() == 1
        send(second)
        assert [one["Subject"][:11] for one in mail.mails] == ["[Critical] ", "[Resolved] "]


class TestRecipients:
    def test_they_hear_of_it_besides_the_channels(
        self, company: Company, mail: MailServer, settings: LazySettings
    ) -> None:
        Channel.objects.all().delete()
        for name, value in email_settings(mail.url).items():
            setattr(settings, name, value)
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, email_url=mail.url)
        for _time in range(2):
            open_alert(key=KEY, company=company, subject="x", recipients=["dba@example.org"])
        resolve_alert(key=KEY)
        for delivery in Delivery.objects.order_by("pk"):
            assert send(delivery).status == "sent", delivery.error
        assert [mail["To"] for mail in mail.mails] == ["dba@example.org"] * 2
        assert [mail["Subject"] for mail in mail.mails] == ["[Warning] x", "[Resolved] x"]

    def test_without_a_mail_server_it_is_said(self, company: Company) -> None:
        Channel.objects.all().delete()
        open_alert(key=KEY, company=company, subject="x", recipients=["dba@example.org"])
        delivery = send(Delivery.objects.get())
        assert (delivery.status, "HOLDFAST_EMAIL_URL" in delivery.error) == ("waiting", True)


class TestNotTaken:
    def test_what_is_refused_for_good_fails_with_its_reason(
        self, company: Company, mail: MailServer
    ) -> None:
        mail.at_data = "554 5.7.1 looks like spam"
        delivery = send(tell(company))
        assert delivery.status == "failed"
        assert "554 5.7.1 looks like spam" in delivery.error
        assert Alert.objects.open().filter(rule="alerts.undelivered").exists()

    @pytest.mark.parametrize("how", ["451 later", "drop", "stall"])
    def test_what_may_pass_is_tried_again_under_the_same_id(
        self,
        company: Company,
        mail: MailServer,
        how: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(carrier, "TIMEOUT_SECONDS", 0.3)
        mail.at_data = how
        delivery = send(tell(company))
        assert (delivery.status, delivery.attempts) == ("waiting", 1)
        assert delivery.error
        assert delivery.due_at - delivery.created_at > timedelta(seconds=20)
        mail.at_data = ""
        mail.mails.clear()
        send(delivery)
        assert (delivery.status, delivery.attempts, delivery.error) == ("sent", 2, "")
        assert mail.ids == [f"<{delivery.key}@{mail.ids[0].rpartition('@')[2]}"]

    def test_what_was_tried_before_maintenance_waits_for_its_end(
        self, company: Company, mail: MailServer
    ) -> None:
        mail.at_data = "451 later"
        delivery = send(tell(company))
        window = MaintenanceWindow.objects.create(
            company=company, begins_at=ago(seconds=5), ends_at=ago(hours=-1)
        )
        mail.at_data = ""
        mail.mails.clear()
        send(delivery)
        assert (delivery.status, delivery.attempts, mail.mails) == ("waiting", 1, [])
        assert (delivery.due_at, delivery.woken_at) == (window.ends_at, None)
        end_window(window=window, actor=System("test"))
        send_delivery(delivery_id=delivery.pk)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.attempts, len(mail.mails)) == ("sent", 2, 1)

    def test_what_its_sender_died_with_waits_too(self, company: Company, mail: MailServer) -> None:
        delivery = tell(company)
        assert claim(delivery.pk)
        MaintenanceWindow.objects.create(
            company=company, begins_at=ago(seconds=5), ends_at=ago(hours=-1)
        )
        send(delivery)
        assert delivery.status == "sending"
        Delivery.objects.update(lease_until=Now())
        send(delivery)
        assert (delivery.status, delivery.lease_until, mail.mails) == ("waiting", None, [])

    @pytest.mark.parametrize(("severity", "goes"), [("warning", False), ("critical", True)])
    def test_quiet_hours_hold_a_second_try_that_can_wait(
        self, company: Company, mail: MailServer, severity: str, goes: bool
    ) -> None:
        mail.at_data = "451 later"
        delivery = send(tell(company))
        Alert.objects.update(severity=severity)
        Channel.objects.update(quiet_from=ago(hours=1).time(), quiet_to=ago(hours=-1).time())
        mail.at_data = ""
        assert (send(delivery).status == "sent") is goes

    def test_one_that_is_taken_and_not_confirmed_comes_with_the_same_id(
        self, company: Company, mail: MailServer
    ) -> None:
        mail.takes_then_drops = True
        delivery = send(tell(company))
        assert delivery.status == "waiting"
        mail.takes_then_drops = False
        send(delivery)
        assert delivery.status == "sent"
        assert len(mail.ids) == 2
        assert len(set(mail.ids)) == 1

    def test_at_last_it_is_shown_as_failed(self, company: Company, channel: Channel) -> None:
        channel.address = "smtp://127.0.0.1:9"
        channel.save()
        delivery = tell(company)
        for attempt in range(1, MOST_ATTEMPTS + 1):
            assert send(delivery).attempts == attempt
        assert delivery.status == "failed"
        assert "refused" in delivery.error
        assert not OrmQ.objects.filter(lock__isnull=True).exists()

    def test_a_channel_that_works_again_takes_its_alert_back(
        self, company: Company, mail: MailServer
    ) -> None:
        mail.at_data = "554 no"
        send(tell(company))
        resolve_alert(key=KEY)
        mail.at_data = ""
        send(tell(company))
        assert not Alert.objects.open().filter(rule="alerts.undelivered").exists()

    def test_a_password_that_the_server_sends_back_is_not_written(self) -> None:
        address = "smtp://ops:hunter%402secret@mail.example.org"
        for said in (
            "535 no: hunter@2secret",
            "535 no: hunter%402secret",
            f"535 no: {b64encode(b'hunter@2secret').decode()}",
            f"535 no: {b64encode(bytes(1) + b'ops' + bytes(1) + b'hunter@2secret').decode()}",
        ):
            assert hide(said, address) == "535 no: \u2022\u2022\u2022"
        assert hide("535 no", "smtp://mail.example.org") == "535 no"

    def test_a_password_is_in_no_error(self, company: Company, channel: Channel) -> None:
        channel.address = "smtp://ops:hunter2hunter2@127.0.0.1:9"
        channel.save()
        assert "hunter2" not in send(tell(company)).error
        assert "hunter2" not in Channel.objects.get().address_sealed


class TestClaims:
    def test_one_sender_at_a_time(self, company: Company) -> None:
        delivery = tell(company)
        assert claim(delivery.pk) is not None
        assert claim(delivery.pk) is None

    def test_one_whose_sender_died_is_woken_and_sent(self, company: Company) -> None:
        delivery = tell(company)
        claim(delivery.pk)
        OrmQ.objects.all().delete()
        assert wake_deliveries() == 0
        past = Now() - timedelta(minutes=2)
        Delivery.objects.update(lease_until=past, woken_at=past)
        assert wake_deliveries() == 1
        assert wake_deliveries() == 0
        send(delivery)
        assert (delivery.status, delivery.attempts) == ("sent", 2)

    def test_who_was_taken_over_writes_nothing(self, company: Company) -> None:
        delivery = tell(company)
        late = claim(delivery.pk)
        assert late is not None
        Delivery.objects.update(lease_until=Now() - timedelta(seconds=1))
        send(delivery)
        _write_failure(late, Refused("too late"))
        delivery.refresh_from_db()
        assert (delivery.status, delivery.error) == ("sent", "")
