"""A worker whose clock is ahead by an hour: claims, leases and the queue do not notice."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from access.models import Company
from monitoring.files import claims
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from tests.config.waiting import wait_for
from tests.monitoring.queue.processes import Elsewhere

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        LIBRARY is None, reason="libfaketime is not installed (.ci/run installs it)"
    ),
]
HOUR = 3600


@pytest.fixture
def ahead() -> Iterator[Elsewhere]:
    # Its monotonic clock is an hour ahead too, which changes nothing: only differences count.
    made = Elsewhere(LD_PRELOAD=str(LIBRARY), FAKETIME="+1h")
    yield made
    made.end()


@pytest.fixture
def right() -> Iterator[Elsewhere]:
    made = Elsewhere()
    yield made
    made.end()


@pytest.fixture
def file(company: Company) -> TrackedFile:
    return open_file(
        kind="backup", company=company, name="orders", original_path="", origin="database"
    )


def lease_left(file: TrackedFile) -> float:
    left = ExpressionWrapper(F("lease_until") - Now(), output_field=DurationField())
    found: timedelta = TrackedFile.objects.values_list(left, flat=True).get(pk=file.pk)
    return found.total_seconds()


@pytest.mark.exhaustive
def test_what_it_puts_in_others_see_at_once(ahead: Elsewhere, right: Elsewhere) -> None:
    ahead("enqueue", "short", "x")
    assert right("size", "short") == 1
    assert right("dequeue", "short") is not None
    # What another has just taken is not yet due again for it.
    assert ahead("size", "short") == 0
    assert ahead("dequeue", "short") is None


@pytest.mark.exhaustive
def test_what_others_put_in_it_takes_once(ahead: Elsewhere, right: Elsewhere) -> None:
    right("enqueue", "short", "x")
    assert ahead("size", "short") == 1
    assert ahead("dequeue", "short") is not None
    assert right("dequeue", "short") is None


@pytest.mark.exhaustive
def test_its_lease_ends_when_it_should(
    ahead: Elsewhere, right: Elsewhere, file: TrackedFile
) -> None:
    whole = claims.LEASE.total_seconds()
    assert ahead("claim", str(file.pk)) is True
    assert right("claim", str(file.pk)) is False
    assert whole - 10 < lease_left(file) <= whole
    assert (ahead("held"), right("held"), right("expired")) == (1, 1, 0)

    TrackedFile.objects.update(lease_until=Now() + timedelta(seconds=5))
    ahead("renew")
    assert whole - 10 < lease_left(file) <= whole

    TrackedFile.objects.update(lease_until=Now() + timedelta(seconds=1))
    assert ahead("expired") in (0, right("expired"))
    wait_for(lambda: right("expired") == 1, seconds=10, what="the lease ends")
    assert ahead("expired") == 1
    assert lease_left(file) <= 0


def test_it_does_not_take_the_lease_of_another_for_over(
    ahead: Elsewhere, right: Elsewhere, file: TrackedFile
) -> None:
    assert ahead("clock") - time.time() == pytest.approx(HOUR, abs=30)
    assert right("clock") - time.time() == pytest.approx(0, abs=30)
    assert right("claim", str(file.pk)) is True
    assert (ahead("expired"), ahead("held"), ahead("claim", str(file.pk))) == (0, 1, False)
