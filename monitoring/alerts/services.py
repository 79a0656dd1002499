"""The two verbs by which the product tells people something, and takes it back.

Call them in the transaction of what happened: the alert, and the messages that carry it, are
there when, and only when, that commits. Each is there for one and for many at once.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, models, transaction
from django.db.models.functions import Now

from access.models import Company
from access.redaction import redact
from faults import reach
from monitoring.alerts import ALERTS, outbox
from monitoring.alerts.models import Alert
from monitoring.alerts.routing import database_now
from monitoring.events.wakeups import wake

LOCK = 0x616C7274
SEEN_AGAIN_AFTER = timedelta(minutes=1)
# So many in one transaction: each key is a lock of the server's, and who needs one waits for it.
BATCH = 500
_RANK = {severity: rank for rank, severity in enumerate(Alert.Severity.values)}
_SAID_AGAIN = (
    *("subject", "text", "url", "severity", "last_seen_at", "occurrence", "count"),
    *("acknowledged_at", "acknowledged_by", "snoozed_until"),
)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What needs attention, in the words of its alert.

    `key` is `rule:what it is about`; said again while it is open, it is the same alert.
    `occurrence` names what happened this time (such as a run): each one counts, once. `lasting`
    is false for news that nothing takes back: who acknowledges it ends it. `url` is a page of
    ours, from its slash on. `thing` is what it is about: channels choose by its name. `recipients`
    are mail addresses that hear of it besides the channels: when it opens, worsens, changes and
    is over. `changed`: it has become something else, and says so; who was told of it before hears
    of that, too.
    """

    key: str
    company: Company | None
    subject: str
    severity: str = Alert.Severity.WARNING
    text: str = ""
    url: str = ""
    thing: models.Model | None = None
    occurrence: str = ""
    lasting: bool = True
    recipients: Sequence[str] = ()
    changed: bool = False


def open_alert(
    *,
    key: str,
    company: Company | None,
    subject: str,
    severity: str = Alert.Severity.WARNING,
    text: str = "",
    url: str = "",
    thing: models.Model | None = None,
    occurrence: str = "",
    lasting: bool = True,
    recipients: Sequence[str] = (),
) -> Alert:
    """Say that something needs attention, until `resolve_alert` is called with the same key.

    What each word means is told by `Fact`.
    """
    fact = Fact(
        key=key,
        company=company,
        subject=subject,
        severity=severity,
        text=text,
        url=url,
        thing=thing,
        occurrence=occurrence,
        lasting=lasting,
        recipients=recipients,
    )
    return open_alerts([fact])[0]


@transaction.atomic
def open_alerts(facts: Sequence[Fact]) -> list[Alert]:
    """The same for up to some `BATCH`: the number of statements does not grow with them.

    Of several for one key the last one stands; the alerts come in the order of their keys.
    """
    by_key = {fact.key: fact for fact in sorted(facts, key=lambda one: one.key)}
    alone(by_key)
    found = {alert.key: alert for alert in _open_rows(by_key)}
    _say_again([(found[key], fact) for key, fact in by_key.items() if key in found])
    made = [_row(fact) for key, fact in by_key.items() if key not in found]
    if made:
        Alert.objects.bulk_create(made)
        reach("alert.rows-written")
        outbox.tell_opened(made)
    found |= {alert.key: alert for alert in made}
    wake_readers()
    return [found[key] for key in by_key]


def resolve_alert(*, key: str) -> bool:
    """Say that it is over; whether there was anything to be over."""
    return resolve_alerts([key]) > 0


@transaction.atomic
def resolve_alerts(keys: Collection[str]) -> int:
    """The same for up to some `BATCH`; how many of them were open."""
    if not keys or not Alert.objects.open().filter(key__in=keys).exists():
        return 0
    alone(keys)
    found = _open_rows(keys)
    end_alerts(found)
    return len(found)


def end_alerts(alerts: Sequence[Alert]) -> None:
    """They are over. Call it in a transaction, with the locks of their keys."""
    if alerts:
        rows = Alert.objects.filter(pk__in=[alert.pk for alert in alerts])
        rows.update(resolved_at=Now(), snoozed_until=None)
        outbox.tell_resolved(alerts)
        wake_readers()


def wake_readers() -> None:
    """Who has a page open sees how many wait, when this commits."""
    transaction.on_commit(lambda: wake(ALERTS), robust=True)


def settle(*, rule: str, facts: list[Fact]) -> None:
    """Open an alert for each fact of the rule, and resolve those whose fact is gone.

    What is unchanged since the last look is only marked as seen.
    """
    known = {alert.key: alert for alert in Alert.objects.open().filter(rule=rule)}
    unchanged, news = [], []
    for fact in sorted(facts, key=lambda one: one.key):
        assert fact.key.partition(":")[0] == rule
        before = known.pop(fact.key, None)
        if before is not None and _says(before) == _said(fact):
            unchanged.append(before.pk)
        else:
            news.append(fact)
    for first in range(0, len(news), BATCH):
        open_alerts(news[first : first + BATCH])
    seen = Alert.objects.filter(pk__in=unchanged, last_seen_at__lt=Now() - SEEN_AGAIN_AFTER)
    seen.update(last_seen_at=Now())
    _resolve_all(sorted(known))


def resolve_gone(*, rule: str, still: Callable[[set[str]], set[str]]) -> None:
    """Resolve those of a rule whose thing is gone. `still` says, of the ids in the keys
    (`rule:id`), which things there are."""
    keys = Alert.objects.open().filter(rule=rule).values_list("key", flat=True)
    by_id = {key.partition(":")[2]: key for key in keys}
    gone = by_id.keys() - still(set(by_id)) if by_id else set()
    _resolve_all([by_id[one] for one in sorted(gone)])


def resolve_orphaned(*, object_type: str, still: Callable[[set[str]], set[str]]) -> None:
    """Resolve those of any rule whose `thing`, of this type, is gone: `still` says which are."""
    rows = Alert.objects.open().filter(object_type=object_type).order_by("key")
    known = list(rows.values_list("key", "object_id"))
    there = still({object_id for _key, object_id in known}) if known else set()
    _resolve_all([key for key, object_id in known if object_id not in there])


def alone(keys: Collection[str]) -> None:
    """Nobody else opens or ends these keys until the transaction ends.

    In one order for all who ask, so that two of them do not wait for each other.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, place) FROM ("
            " SELECT DISTINCT hashtext(key) AS place FROM unnest(%s::text[]) AS key"
            " ORDER BY place) AS places",
            [LOCK, list(keys)],
        )


def _resolve_all(keys: list[str]) -> None:
    for first in range(0, len(keys), BATCH):
        resolve_alerts(keys[first : first + BATCH])


def _open_rows(keys: Collection[str]) -> list[Alert]:
    rows = Alert.objects.open().filter(key__in=keys).order_by("pk")
    return list(rows.select_for_update(of=("self",)))


def _row(fact: Fact) -> Alert:
    severity, subject, text = _said(fact)
    thing = fact.thing
    return Alert(
        company=fact.company,
        key=fact.key,
        rule=fact.key.partition(":")[0],
        severity=severity,
        subject=subject,
        text=text,
        url=fact.url,
        about=str(thing)[:200] if thing is not None else "",
        object_type=thing._meta.label_lower if thing is not None else "",
        object_id=str(thing.pk)[:60] if thing is not None else "",
        occurrence=fact.occurrence,
        lasting=fact.lasting,
        recipients=list(fact.recipients),
    )


def _said(fact: Fact) -> tuple[str, str, str]:
    return fact.severity, redact(fact.subject)[:200], redact(fact.text)


def _says(alert: Alert) -> tuple[str, str, str]:
    return alert.severity, alert.subject, alert.text


def _say_again(pairs: Sequence[tuple[Alert, Fact]]) -> None:
    if not pairs:
        return
    now, worse, changed, again = database_now(), [], [], []
    for alert, fact in pairs:
        before = _says(alert)
        alert.severity, alert.subject, alert.text = _said(fact)
        alert.url, alert.last_seen_at = fact.url, now
        is_new = bool(fact.occurrence) and fact.occurrence != alert.occurrence
        if is_new:
            alert.occurrence, alert.count = fact.occurrence, alert.count + 1
        if _RANK[alert.severity] > _RANK[before[0]]:
            # Who has seen the smaller thing has not seen this one.
            alert.acknowledged_at, alert.acknowledged_by, alert.snoozed_until = None, "", None
            worse.append(alert)
        elif fact.changed and _says(alert) != before:
            # Nor has who has seen that it is missing seen that it is damaged.
            alert.acknowledged_at, alert.acknowledged_by = None, ""
            changed.append(alert)
        elif is_new:
            again.append(alert)
    Alert.objects.bulk_update([alert for alert, _fact in pairs], _SAID_AGAIN)
    if worse:
        outbox.tell_worse(worse)
    # What is snoozed is told at the end of that.
    if changed := [alert for alert in changed if alert.snoozed_until is None]:
        outbox.tell_changed(changed)
    if again := [alert for alert in again if alert.snoozed_until is None]:
        outbox.tell_again(again)
