"""An alert: one open row for a key, in the transaction of what happened, without secrets."""

import threading
from typing import Any

import pytest
from django.db import DataError, connection, transaction

from access.models import Company
from monitoring.alerts.models import Alert
from monitoring.alerts.services import Fact, open_alert, resolve_alert, resolve_gone, settle
from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "backup.failed:orders"


def tell(company: Company, *, key: str = KEY, **said: Any) -> Alert:
    return open_alert(key=key, company=company, subject="orders", thing=company, **said)


def test_what_is_told_is_open_and_says_of_what(company: Company) -> None:
    found = tell(company, url="/dashboard/backup/1")
    assert (found.rule, found.severity, found.count) == ("backup.failed", "warning", 1)
    assert (found.object_type, found.object_id) == ("access.company", str(company.pk))
    assert (found.about, found.url, found.is_open) == ("Acme", "/dashboard/backup/1", True)
    assert found.first_seen_at is not None


def test_each_occurrence_counts_once_in_the_one_open_row(company: Company) -> None:
    tell(company, text="First.", occurrence="1")
    with transaction.atomic():
        tell(company, text="Said by the tick as well.", occurrence="1")
        beat(name="after")
    tell(company, text="Second.", occurrence="2")
    found = Alert.objects.get()
    assert (found.count, found.text, found.occurrence) == (2, "Second.", "2")
    tell(company, key="backup.failed:billing")
    assert Alert.objects.count() == 2


def test_after_its_end_it_is_a_new_row(company: Company) -> None:
    first = tell(company)
    assert resolve_alert(key=KEY)
    assert not resolve_alert(key=KEY)
    second = tell(company)
    assert first.pk != second.pk
    assert list(Alert.objects.open()) == [second]
    first.refresh_from_db()
    assert first.resolved_at is not None


def test_a_worse_one_has_to_be_acknowledged_again(company: Company) -> None:
    alert = tell(company)
    Alert.objects.filter(pk=alert.pk).update(acknowledged_at="2026-01-01T00:00Z")
    tell(company)
    alert.refresh_from_db()
    assert alert.acknowledged_at is not None
    tell(company, severity="critical")
    alert.refresh_from_db()
    assert alert.severity == "critical"
    assert not alert.acknowledged_at


def test_news_of_what_did_not_happen_is_never_told(company: Company) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(company)
        raise ZeroDivisionError
    assert not Alert.objects.exists()


def test_what_cannot_be_told_does_not_happen_either(company: Company) -> None:
    with pytest.raises(DataError), transaction.atomic():
        beat(name="before")
        tell(company, key="k" * 201)
    assert not Heartbeat.objects.exists()
    assert not connection.in_atomic_block


def test_secrets_are_removed_when_it_is_written(company: Company) -> None:
    found = open_alert(
        key="backup.failed:1",
        company=company,
        subject="postgres://u:hunter2@h/d" + "x" * 300,
        text="password=hunter2 was refused",
    )
    assert "hunter2" not in found.subject + found.text
    assert len(found.subject) == 200


def test_two_at_once_open_one_row(company: Company) -> None:
    def work(number: int) -> None:
        try:
            tell(company, occurrence=str(number))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Alert.objects.get().count == 6


def fact(company: Company, name: str, **said: Any) -> Fact:
    values: dict[str, Any] = {"severity": "warning", "subject": f"{name} is full", **said}
    return Fact(key=f"storage.full:{name}", company=company, **values)


def test_a_rule_opens_what_is_so_and_resolves_what_is_not_any_more(company: Company) -> None:
    settle(rule="storage.full", facts=[fact(company, "a"), fact(company, "b")])
    tell(company)
    settle(rule="storage.full", facts=[fact(company, "b", text="90 %"), fact(company, "c")])
    still = Alert.objects.open().order_by("key").values_list("key", "text", "count")
    assert list(still) == [
        (KEY, "", 1),
        ("storage.full:b", "90 %", 1),
        ("storage.full:c", "", 1),
    ]
    settle(rule="storage.full", facts=[])
    assert Alert.objects.open().get().key == KEY


def test_what_is_so_still_costs_two_queries(
    company: Company, django_assert_num_queries: object
) -> None:
    facts = [fact(company, str(number)) for number in range(20)]
    settle(rule="storage.full", facts=facts)
    with django_assert_num_queries(2):  # type: ignore[operator]
        settle(rule="storage.full", facts=facts)


def test_the_alerts_of_things_that_are_gone_are_over(company: Company) -> None:
    tell(company, key="drill.failed:1")
    tell(company, key="drill.failed:2")
    tell(company)
    resolve_gone(rule="drill.failed", still=lambda ids: ids & {"2", "3"})
    assert {alert.key for alert in Alert.objects.open()} == {KEY, "drill.failed:2"}
