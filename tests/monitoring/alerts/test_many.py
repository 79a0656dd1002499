"""Many alerts at once: the statements are as many for three as for three hundred."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_q.models import OrmQ

from access.models import Company, User
from monitoring.alerts.attention import acknowledge_alert
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.services import Fact, open_alert, open_alerts, resolve_alerts, settle
from tests.config.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


def facts(company: Company, count: int, **said: Any) -> list[Fact]:
    values: dict[str, Any] = {"subject": "late", "recipients": ["own@example.org"], **said}
    return [Fact(key=f"x.many:{number}", company=company, **values) for number in range(count)]


def channels(company: Company) -> None:
    for name, of in (("all", None), ("ours", company)):
        Channel.objects.create(name=name, company=of, recipients=["a@example.org"])
    Channel.objects.create(name="daily", recipients=["a@example.org"], digest_at="08:00")


def a_course(company: Company, count: int) -> int:
    """Opened, again, worse, over: how many statements."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        open_alerts(facts(company, count, occurrence="1"))
        open_alerts(facts(company, count, occurrence="2"))
        open_alerts(facts(company, count, severity="critical"))
        resolve_alerts([fact.key for fact in facts(company, count)])
    return len(queries)


@pytest.mark.exhaustive
def test_the_statements_do_not_grow_with_the_alerts(company: Company) -> None:
    channels(company)
    few = a_course(company, 3)
    Alert.objects.all().delete()
    assert a_course(company, 300) == few < 60
    # To each of the three channels and to the recipients of its own.
    kinds = {kind: Delivery.objects.filter(kind=kind).count() for kind in Delivery.Kind.values}
    assert {kind: count for kind, count in kinds.items() if count} == {
        "opened": 1200,
        "worse": 1200,
        "resolved": 1200,
    }
    assert not Alert.objects.open().exists()
    assert set(Alert.objects.values_list("count", "severity")) == {(2, "critical")}


def test_each_message_that_may_go_has_its_task(company: Company) -> None:
    channels(company)
    open_alerts(facts(company, 5))
    due = Delivery.objects.filter(status="waiting")
    assert due.count() == OrmQ.objects.filter(key="short").count() == 15
    assert not due.filter(woken_at=None).exists()
    assert Delivery.objects.filter(status="gathered", woken_at=None).count() == 5


def test_it_is_all_or_nothing(company: Company) -> None:
    channels(company)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        open_alerts(facts(company, 5))
        raise ZeroDivisionError
    assert not Alert.objects.exists() and not Delivery.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_rule_settles_more_than_a_batch(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitoring.alerts.services.BATCH", 2)
    settle(rule="x.many", facts=facts(company, 5))
    settle(rule="x.many", facts=facts(company, 3, text="Other."))
    found = Alert.objects.open().order_by("key").values_list("key", "text")
    assert list(found) == [(f"x.many:{number}", "Other.") for number in range(3)]
    settle(rule="x.many", facts=[])
    assert not Alert.objects.open().exists()


@pytest.mark.exhaustive
def test_two_rounds_at_once_open_each_once(company: Company) -> None:
    """In opposite orders, and neither waits for the other for ever."""
    channels(company)
    mine = facts(company, 40)

    def work(number: int) -> None:
        try:
            for _time in range(3):
                said = [Fact(**{**vars(one), "occurrence": f"{number}"}) for one in mine]
                open_alerts(said if number else said[::-1])
                resolve_alerts([one.key for one in mine[number::2]])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    open_alerts(mine)
    assert Alert.objects.open().count() == 40
    keys = list(Delivery.objects.values_list("key", flat=True))
    assert len(keys) == len(set(keys)) > 160


def test_what_happens_while_somebody_acknowledges_is_not_lost(
    company: Company, admin: User
) -> None:
    """News that lasts until it is acknowledged: the next one is another alert."""
    said: dict[str, Any] = {"key": "x.news:1", "company": company, "subject": "x", "lasting": False}
    first = open_alert(**said, occurrence="1")
    locked = threading.Event()

    def happen() -> None:
        try:
            locked.wait()
            open_alert(**said, occurrence="2")
        finally:
            connection.close()

    other = threading.Thread(target=happen)
    other.start()
    with transaction.atomic():
        acknowledge_alert(alert=first, actor=admin)
        locked.set()
        wait_for(_somebody_waits_for_a_key, seconds=10, what="the other one waits")
    other.join()
    assert Alert.objects.open().get().occurrence == "2"


def _somebody_waits_for_a_key() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone() is not None
