"""The two verbs by which the product tells people something, and takes it back.

Call them in the transaction of what happened: the alert, and the messages that carry it, are
there when, and only when, that commits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models.functions import Now

from access.models import Company
from access.redaction import redact
from monitoring.alerts import outbox
from monitoring.alerts.models import Alert

LOCK = 0x616C7274
SEEN_AGAIN_AFTER = timedelta(minutes=1)
_RANK = {severity: rank for rank, severity in enumerate(Alert.Severity.values)}


@dataclass(frozen=True)
class Fact:
    """What a rule has found to be so, in the words of its alert."""

    key: str
    company: Company | None
    severity: str
    subject: str
    text: str = ""
    url: str = ""
    thing: models.Model | None = None


@transaction.atomic
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

    `key` is `rule:what it is about`; said again while it is open, it is the same alert.
    `occurrence` names what happened this time (such as a run): each one counts, once. `lasting`
    is false for news that nothing takes back: who acknowledges it ends it. `url` is a page of
    ours, from its slash on. `thing` is what it is about: channels choose by its name. `recipients`
    are mail addresses that hear of it besides the channels: when it opens, worsens and is over.
    """
    _alone(key)
    said = {
        "subject": redact(subject)[:200],
        "text": redact(text),
        "url": url,
        "severity": severity,
    }
    found: Alert | None = Alert.objects.open().filter(key=key).first()
    if found is not None:
        _say_again(found, said, occurrence)
        return found
    made: Alert = Alert.objects.create(
        company=company,
        key=key,
        rule=key.partition(":")[0],
        about=str(thing)[:200] if thing is not None else "",
        object_type=thing._meta.label_lower if thing is not None else "",
        object_id=str(thing.pk)[:60] if thing is not None else "",
        occurrence=occurrence,
        lasting=lasting,
        recipients=list(recipients),
        **said,
    )
    outbox.tell_opened(made)
    return made


@transaction.atomic
def resolve_alert(*, key: str) -> bool:
    """Say that it is over; whether there was anything to be over."""
    if not Alert.objects.open().filter(key=key).exists():
        return False
    _alone(key)
    found = Alert.objects.open().filter(key=key).first()
    if found is None:
        return False
    end_alert(found)
    return True


def end_alert(alert: Alert) -> None:
    """It is over. Call it in a transaction, with the key's lock."""
    Alert.objects.filter(pk=alert.pk).update(resolved_at=Now(), snoozed_until=None)
    alert.refresh_from_db(fields=["resolved_at", "snoozed_until"])
    outbox.tell_resolved(alert)


def settle(*, rule: str, facts: list[Fact]) -> None:
    """Open an alert for each fact of the rule, and resolve those whose fact is gone.

    What is unchanged since the last look is only marked as seen.
    """
    known = {alert.key: alert for alert in Alert.objects.open().filter(rule=rule)}
    unchanged = []
    for fact in sorted(facts, key=lambda one: one.key):
        assert fact.key.partition(":")[0] == rule
        before = known.pop(fact.key, None)
        if before is not None and _says(before) == _said(fact):
            unchanged.append(before.pk)
        else:
            open_alert(**vars(fact))
    seen = Alert.objects.filter(pk__in=unchanged, last_seen_at__lt=Now() - SEEN_AGAIN_AFTER)
    seen.update(last_seen_at=Now())
    for key in sorted(known):
        resolve_alert(key=key)


def resolve_gone(*, rule: str, still: Callable[[set[str]], set[str]]) -> None:
    """Resolve those of a rule whose thing is gone. `still` says, of the ids in the keys
    (`rule:id`), which things there are."""
    keys = Alert.objects.open().filter(rule=rule).values_list("key", flat=True)
    by_id = {key.partition(":")[2]: key for key in keys}
    for gone in sorted(by_id.keys() - still(set(by_id))) if by_id else []:
        resolve_alert(key=by_id[gone])


def resolve_orphaned(*, object_type: str, still: Callable[[set[str]], set[str]]) -> None:
    """Resolve those of any rule whose `thing`, of this type, is gone: `still` says which are."""
    rows = Alert.objects.open().filter(object_type=object_type).order_by("key")
    known = list(rows.values_list("key", "object_id"))
    there = still({object_id for _key, object_id in known}) if known else set()
    for key, object_id in known:
        if object_id not in there:
            resolve_alert(key=key)


def _said(fact: Fact) -> tuple[str, str, str]:
    return fact.severity, redact(fact.subject)[:200], redact(fact.text)


def _says(alert: Alert) -> tuple[str, str, str]:
    return alert.severity, alert.subject, alert.text


def _say_again(alert: Alert, said: dict[str, str], occurrence: str) -> None:
    changes: dict[str, Any] = {"last_seen_at": Now(), **said}
    is_new = bool(occurrence) and occurrence != alert.occurrence
    is_worse = _RANK[said["severity"]] > _RANK[alert.severity]
    if is_new:
        changes |= {"occurrence": occurrence, "count": alert.count + 1}
    if is_worse:
        # Who has seen the smaller thing has not seen this one.
        changes |= {"acknowledged_at": None, "acknowledged_by": "", "snoozed_until": None}
    Alert.objects.filter(pk=alert.pk).update(**changes)
    alert.refresh_from_db()
    if is_worse:
        outbox.tell_worse(alert)
    elif is_new:
        outbox.tell_again(alert)


def _alone(key: str) -> None:
    """Nobody else opens or resolves this key until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, key])
