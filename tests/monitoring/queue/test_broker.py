"""The broker: in the caller's transaction, each task to one, the oldest first, by one clock."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from monitoring.queue import CLUSTER_VARIABLE
from monitoring.queue.broker import DatabaseClockBroker, address
from monitoring.queue.selectors import canary_is_under_way, lags, tasks_at_work
from monitoring.queue.services import forget_lost_tasks
from tests.monitoring.queue.processes import Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> DatabaseClockBroker:
    monkeypatch.setattr(Conf, "POLL", 0.01)
    found = get_broker("long")
    assert isinstance(found, DatabaseClockBroker)
    return found


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere(Q_CLUSTER_NAME="long")
    yield made
    made.end()


def task(queue: str = "long") -> int:
    async_task("builtins.print", cluster=queue)
    return int(OrmQ.objects.latest("id").pk)


def seconds_until_back(key: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM lock - now()) FROM django_q_ormq WHERE id = %s", [key]
        )
        [seconds] = cursor.fetchone() or [0]
        return float(seconds)


def test_a_task_is_there_with_its_transaction_and_only_then(broker: DatabaseClockBroker) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        task()
        raise ZeroDivisionError
    assert broker.dequeue() is None
    with transaction.atomic():
        put_in = task()
    assert [key for key, _payload in broker.dequeue() or []] == [put_in]
    assert broker.dequeue() is None


@pytest.mark.exhaustive
def test_an_open_transaction_hides_its_task(
    broker: DatabaseClockBroker, elsewhere: Elsewhere
) -> None:
    with transaction.atomic():
        put_in = task()
        assert elsewhere("dequeue", "long") is None
    assert elsewhere("dequeue", "long") == put_in


def test_the_oldest_goes_first_and_the_queues_are_apart(broker: DatabaseClockBroker) -> None:
    first, second, other = task(), task(), task("short")
    OrmQ.objects.filter(pk=second).update(lock=Now() - timedelta(minutes=1))
    assert [broker.dequeue()[0][0] for _ in range(2)] == [second, first]  # type: ignore[index]
    assert broker.dequeue() is None
    assert get_broker("short").dequeue()[0][0] == other


def test_of_many_clusters_one_gets_a_task(broker: DatabaseClockBroker) -> None:
    # Outside of one, each would be put in by a connection of its own.
    with transaction.atomic():
        put_in = {task() for _ in range(40)}
    barrier = threading.Barrier(6)
    taken: list[int] = []

    def take() -> None:
        mine = get_broker("long")
        barrier.wait()
        while found := mine.dequeue():
            taken.extend(key for key, _payload in found)
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(put_in)


def test_a_task_that_somebody_holds_is_passed_over(broker: DatabaseClockBroker) -> None:
    held, free = task(), task()
    here = connection.settings_dict
    with psycopg.connect(host=here["HOST"], user=here["USER"], dbname=here["NAME"]) as other:
        other.execute("SELECT FROM django_q_ormq WHERE id = %s FOR UPDATE", [held])
        assert broker.dequeue()[0][0] == free  # type: ignore[index]


@pytest.mark.exhaustive
def test_each_cluster_keeps_its_own_time_for_coming_back(
    broker: DatabaseClockBroker, elsewhere: Elsewhere
) -> None:
    long, short = task("long"), task("short")
    assert elsewhere("dequeue", "long") == long
    assert seconds_until_back(long) == pytest.approx(2**31 - 1, abs=60)
    assert get_broker("short").dequeue()[0][0] == short
    assert seconds_until_back(short) == pytest.approx(180, abs=5)


def test_what_was_not_acknowledged_comes_again(broker: DatabaseClockBroker) -> None:
    put_in = task()
    assert (broker.queue_size(), broker.lock_size()) == (1, 0)
    assert broker.dequeue()
    assert (broker.queue_size(), broker.lock_size()) == (0, 1)
    OrmQ.objects.update(lock=Now())
    assert broker.dequeue()[0][0] == put_in  # type: ignore[index]
    broker.acknowledge(put_in)
    assert (broker.queue_size(), broker.lock_size()) == (0, 0)


def test_a_canary_comes_to_its_own_cluster(
    broker: DatabaseClockBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = task(address(queue="long", cluster="ab12"))
    monkeypatch.setenv(CLUSTER_VARIABLE, "cd34")
    assert broker.dequeue() is None
    monkeypatch.setenv(CLUSTER_VARIABLE, "ab12")
    assert broker.dequeue()[0][0] == canary  # type: ignore[index]
    assert canary_is_under_way(queue="long", cluster="ab12")
    broker.acknowledge(canary)
    assert not canary_is_under_way(queue="long", cluster="ab12")


def test_a_lost_connection_is_made_again(broker: DatabaseClockBroker) -> None:
    assert broker.dequeue() is None
    pid = connection.connection.info.backend_pid
    here = connection.settings_dict
    with psycopg.connect(host=here["HOST"], user=here["USER"], dbname=here["NAME"]) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert broker.dequeue() is None
    put_in = task()
    assert broker.dequeue()[0][0] == put_in  # type: ignore[index]


def test_a_database_that_is_away_costs_no_cpu_and_breaks_nothing(db: None) -> None:
    alone = Elsewhere(DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing")
    try:
        rounds, cpu = alone("poll", "long", 3)
        alone("acknowledge", "long")
        assert alone("dequeue", "long") is None
    finally:
        alone.end()
    assert 2 <= rounds <= 8
    assert cpu < 0.5


def test_how_long_the_oldest_task_waits(broker: DatabaseClockBroker) -> None:
    first = task()
    OrmQ.objects.filter(pk=first).update(lock=Now() - timedelta(minutes=5))
    task()
    assert lags()["long"].total_seconds() == pytest.approx(300, abs=5)
    assert lags()["short"] == timedelta()
    broker.dequeue()
    assert lags()["long"].total_seconds() < 5


def test_a_short_task_is_at_work_until_its_time_is_over() -> None:
    put_in = task("short")
    assert tasks_at_work("short") == 0
    get_broker("short").dequeue()
    assert tasks_at_work("short") == 1
    # Taken 140 seconds ago: its time-out of 120 is over, whoever had it.
    OrmQ.objects.filter(pk=put_in).update(lock=Now() + timedelta(seconds=40))
    assert tasks_at_work("short") == 0


def test_tasks_of_the_dead_are_forgotten(broker: DatabaseClockBroker) -> None:
    kept, old, canary, fresh = task(), task(), task("long@dead"), task("short@live")
    retry = timedelta(seconds=2**31 - 1)
    OrmQ.objects.filter(pk=kept).update(lock=Now() + retry - timedelta(hours=20))
    OrmQ.objects.filter(pk=old).update(lock=Now() + retry - timedelta(hours=25))
    OrmQ.objects.filter(pk=canary).update(lock=Now() - timedelta(hours=2))
    waiting = task("short")
    OrmQ.objects.filter(pk=waiting).update(lock=Now() - timedelta(days=3))
    assert forget_lost_tasks() == 2
    assert set(OrmQ.objects.values_list("pk", flat=True)) == {kept, fresh, waiting}
