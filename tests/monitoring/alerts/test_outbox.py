"""The outbox: news in the transaction of what happened, each piece once, without secrets."""

import pytest
from django.db import DataError, connection, transaction

from access.models import Company
from monitoring.alerts.models import Alert
from monitoring.alerts.services import alert
from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat

pytestmark = pytest.mark.django_db(transaction=True)


def tell(company: Company, *, key: str = "backup:1:failed", text: str = "It failed.") -> None:
    alert(company=company, rule="backup.failed", title="orders", text=text, thing=company, key=key)


def test_what_is_told_waits_to_be_sent(company: Company) -> None:
    tell(company)
    found = Alert.objects.get()
    assert (found.status, found.attempts, found.lease_until) == ("waiting", 0, None)
    assert (found.object_type, found.object_id) == ("access.company", str(company.pk))
    assert found.created_at is not None


def test_the_same_news_twice_is_one_row(company: Company) -> None:
    tell(company)
    with transaction.atomic():
        tell(company, text="Said by the tick as well.")
        # The transaction goes on: a worker and the tick may tell of the same end.
        beat(name="after")
    assert Alert.objects.get().text == "It failed."
    assert Heartbeat.objects.filter(name="after").exists()
    tell(company, key="backup:2:failed")
    assert Alert.objects.count() == 2


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
    alert(
        company=company,
        rule="backup.failed",
        title="postgres://u:hunter2@h/d" + "x" * 300,
        text="password=hunter2 was refused",
        thing=company,
        key="1",
    )
    found = Alert.objects.get()
    assert "hunter2" not in found.title + found.text
    assert len(found.title) == 200
