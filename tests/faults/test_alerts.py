"""A sender, and who opens and resolves, killed at each point: no alert is lost, and none is sent
again after it was confirmed."""

import signal
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from access.models import Company
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.rounds import tend_alerts
from monitoring.alerts.services import open_alert, resolve_alert
from tests.faults.points import IN_AN_ALERT, every, one_always
from tests.faults.worker import Process
from tests.monitoring.alerts.mailserver import MailServer, mail_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]

SEND = """
import sys, django
django.setup()
from monitoring.alerts.sending import send_delivery
send_delivery(delivery_id=int(sys.argv[1]))
"""
# All that an alert can come through; what is told in between lies in the past.
COURSE = """
import django
django.setup()
from datetime import timedelta
from django.db.models.functions import Now
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.rounds import end_snoozes, gather_digests, repeat_alerts
from monitoring.alerts.services import open_alert, resolve_alert
past = Now() - timedelta(days=2)
open_alert(key="x:1", company=None, subject="x")
open_alert(key="x:2", company=None, subject="x")
Delivery.objects.filter(status="waiting").update(status="sent", due_at=past)
Delivery.objects.filter(status="gathered").update(created_at=past)
repeat_alerts()
Alert.objects.filter(key="x:2").update(snoozed_until=Now())
end_snoozes()
gather_digests()
resolve_alert(key="x:1")
"""
# More than a batch, as when a network goes and everybody is late at once.
MANY = """
import django
django.setup()
from monitoring.alerts import services
services.BATCH = 2
services.settle(
    rule="x",
    facts=[services.Fact(key=f"x:{one}", company=None, subject="x") for one in range(6)],
)
"""
IN_A_SENDING = {f"alert.{point}" for point in ("claimed", "handed-over", "before-sent", "written")}
IN_A_COURSE = set(IN_AN_ALERT) - IN_A_SENDING
CONFIRMED = {"alert.handed-over", "alert.before-sent", "alert.written"}


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def channel(mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setenv("HOLDFAST_ALERT_INNER_HOSTS", "true")
    made = Channel(name="Ops", recipients=["ops@example.org"], repeat_minutes=5)
    made.address = mail.url
    made.save()
    Channel.objects.create(name="Daily", recipients=["a@example.org"], digest_at="00:00")
    return made


@pytest.mark.parametrize("point", one_always(IN_A_SENDING, "alert.handed-over"))
def test_a_sender_killed_at_a_point(channel: Channel, mail: MailServer, point: str) -> None:
    company = Company.objects.create(name="Acme")
    open_alert(key="x:1", company=company, subject="x", severity="critical")
    delivery = Delivery.objects.get(channel=channel)
    process = Process(SEND, str(delivery.pk), fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sending", 1)
    assert len(mail.mails) == (point in CONFIRMED)
    # While the lease holds nobody sends; then the tick wakes another one.
    Process(SEND, str(delivery.pk)).wait()
    assert len(mail.mails) == (point in CONFIRMED)
    OrmQ.objects.all().delete()
    past = Now() - timedelta(minutes=10)
    Delivery.objects.filter(pk=delivery.pk).update(lease_until=past, woken_at=past)
    tend_alerts()
    assert OrmQ.objects.count() == 1
    for _time in range(2):
        assert Process(SEND, str(delivery.pk)).wait() == 0
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("sent", 2)
    # At least once; where it was taken and not written down, twice under one id.
    assert len(mail.mails) == 1 + (point in CONFIRMED)
    assert len(set(mail.ids)) == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", every(IN_A_COURSE, "alert.opened"))
@pytest.mark.usefixtures("channel")
def test_killed_at_a_point_of_an_alerts_course(point: str) -> None:
    process = Process(COURSE, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    # Alert and messages are there together, or not at all.
    for alert in Alert.objects.all():
        assert alert.deliveries.filter(kind="opened").count() == 2
        if not alert.is_open:
            assert alert.deliveries.filter(kind="resolved").count() == 2
    assert Delivery.objects.filter(kind="digest").count() == 0 or point == "alert.resolved"
    process = Process(COURSE)
    assert process.wait() == 0, process.said
    assert not Alert.objects.open().filter(key="x:1").exists()
    assert Alert.objects.open().filter(key="x:2").count() == 1
    assert Delivery.objects.filter(kind="digest").count() == 1
    keys = list(Delivery.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys))
    resolve_alert(key="x:2")


@pytest.mark.parametrize(
    "point",
    [
        "alert.rows-written:2",
        pytest.param("alert.opened:3", marks=pytest.mark.exhaustive),
    ],
)
@pytest.mark.usefixtures("channel")
def test_killed_while_many_are_told(point: str) -> None:
    process = Process(MANY, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    # Each batch is there with its messages and their tasks, or not at all.
    whole = 2 * (int(point[-1]) - 1)
    assert Alert.objects.count() == OrmQ.objects.count() == whole
    assert Delivery.objects.count() == 2 * whole
    process = Process(MANY)
    assert process.wait() == 0, process.said
    assert Alert.objects.open().count() == Alert.objects.count() == OrmQ.objects.count() == 6
    assert len(set(Delivery.objects.values_list("key", flat=True))) == 12
