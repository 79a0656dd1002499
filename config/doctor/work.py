"""Checks of what Holdfast works with: its watchers, client programs and storage targets."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from config.doctor.results import Examination, Result, bad, ok

OLDEST_BEAT = timedelta(minutes=3)
MOST_COUNTED = 1000
WATCHERS = ("tick", "queue-short", "queue-long")


def check_watchers(examination: Examination) -> Iterator[Result]:
    """Each long-lived process writes when it last went round, by the database's clock."""
    if examination.database_error is not None:
        yield bad(
            "workers",
            _("Not known: the database does not answer."),
            _("Mend the database first."),
        )
        return
    from monitoring.heartbeats.services import ages

    known = ages()
    for name in WATCHERS:
        age = known.get(name)
        if age is None:
            yield bad(name, _("It has never gone round."), _("Start Holdfast: make run"))
        elif age > OLDEST_BEAT and name == "queue-long" and _long_work():
            yield ok(name, _("all of its workers are busy"))
        elif age > OLDEST_BEAT:
            yield bad(
                name,
                _("It last went round %s ago.") % timedelta(seconds=int(age.total_seconds())),
                _("Look into its log in the folder logs, or start Holdfast again."),
            )
        else:
            yield ok(name, _("it went round %s s ago") % int(age.total_seconds()))


def _long_work() -> bool:
    """Whether a worker holds a claim: then the canary waits its turn behind it."""
    from monitoring.files.claims import held

    return held().exists()


def check_queue(examination: Examination) -> Iterator[Result]:
    """How long work waits, by the database's clock, and whether the queue goes by that clock."""
    if examination.database_error is not None:
        return
    from django.conf import settings

    from monitoring.alerts.models import Delivery
    from monitoring.queue.broker import DatabaseClockBroker
    from monitoring.queue.selectors import lags

    ours = f"{DatabaseClockBroker.__module__}.{DatabaseClockBroker.__qualname__}"
    if settings.Q_CLUSTER.get("broker_class") == ours:
        yield ok("queue clock", _("the database's"))
    else:
        yield bad(
            "queue clock",
            _("The queue compares the clocks of the machines."),
            _("Set broker_class in Q_CLUSTER to %s") % ours,
        )
    for queue, lag in lags().items():
        seconds = int(lag.total_seconds())
        found = _("the oldest waiting task waits for %s s") % seconds if seconds else _("no lag")
        if lag > OLDEST_BEAT and not (queue == "long" and _long_work()):
            yield bad(f"queue {queue}", found, _("Look into its log in the folder logs."))
        else:
            yield ok(f"queue {queue}", found)
    rows = Delivery.objects.filter(status=Delivery.Status.WAITING)
    waiting = rows.order_by()[:MOST_COUNTED].count()
    yield ok("alerts", _("%s wait to be sent") % waiting)


def check_clients(_examination: Examination) -> Iterator[Result]:
    from backups.engines.postgres.clients import discover

    sets = discover()
    if not sets:
        yield bad(
            "clients",
            _("No PostgreSQL client programs were found."),
            _("Install the requirements again, or name a folder in HOLDFAST_POSTGRES_FOLDERS."),
        )
    for found in sets:
        traits = [
            "zstd" if found.has_zstd else _("no zstd"),
            "TLS" if found.has_tls else _("no TLS"),
            *[str(flaw) for flaw in found.flaws],
        ]
        yield ok(f"clients {found.major}", f"{found.version} ({', '.join(traits)}) {found.folder}")


def check_storage(examination: Examination) -> Iterator[Result]:
    if examination.database_error is not None:
        yield bad(
            "storage",
            _("Not known: the database does not answer."),
            _("Mend the database first."),
        )
        return
    from storage.errors import StorageError
    from storage.models import StorageTarget
    from storage.services import test_target

    targets = list(StorageTarget.objects.select_related("company"))
    if not targets:
        yield bad("storage", _("There is no storage target."), _("Start Holdfast: make run"))
    for target in targets:
        name = f"storage {target.name}"
        try:
            test_target(target=target)
        except StorageError as error:
            cure = error.cure or _("Mend the place itself, or change the target.")
            yield bad(name, str(error), cure)
        else:
            yield ok(name, _("a probe was written, read and deleted"))
