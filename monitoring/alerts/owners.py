"""Things that know themselves whether somebody looks after them: one act for them and their alerts.

They stand above alerts and register at start what is to happen to them, too.
"""

from datetime import datetime
from typing import Protocol

from django.db import models
from django.db.models import QuerySet
from django.db.models.functions import Now

from access import audit
from access.policy import Actor
from monitoring.alerts import outbox
from monitoring.alerts.models import Alert
from monitoring.alerts.services import wake_readers


class Owner(Protocol):
    """What the alerts of one type of thing are about. All is called in a transaction."""

    def hold(self, object_id: str) -> None:
        """Lock the thing's row. MUST take the lock that who opens its alerts takes first."""

    def acknowledge(self, object_id: str, actor: Actor) -> None:
        """The same was said of an alert of it: MUST say it of its other alerts, too."""

    def snooze(self, object_id: str, until: datetime, actor: Actor) -> None:
        """The same."""


_owners: dict[str, Owner] = {}


def register_owner(object_type: str, owner: Owner) -> None:
    """`object_type` is a model's label in small letters, as in `Alert.object_type`."""
    _owners[object_type] = owner


def hold_owner(alert: Alert) -> None:
    """Before the alert is locked: who tells of the thing locks them in this order."""
    if owner := _owners.get(alert.object_type):
        owner.hold(alert.object_id)


def acknowledge_owner(alert: Alert, actor: Actor) -> None:
    if owner := _owners.get(alert.object_type):
        owner.acknowledge(alert.object_id, actor)


def snooze_owner(alert: Alert, until: datetime, actor: Actor) -> None:
    if owner := _owners.get(alert.object_type):
        owner.snooze(alert.object_id, until, actor)


def acknowledge_alerts_of(*, thing: models.Model, actor: Actor) -> None:
    """All open ones that nobody has acknowledged. Call it with the thing's row locked."""
    rows = _open_alerts_of(thing).filter(acknowledged_at=None)
    for alert in rows:
        Alert.objects.filter(pk=alert.pk).update(
            acknowledged_at=Now(), acknowledged_by=actor.get_username()[:200], snoozed_until=None
        )
        outbox.hold_back(alert, snoozed=False)
        audit.record(actor=actor, action="alert.acknowledged", thing=alert, company=alert.company)
    wake_readers()


def snooze_alerts_of(*, thing: models.Model, until: datetime | None, actor: Actor) -> None:
    """All open ones; None ends it. Call it with the thing's row locked."""
    for alert in _open_alerts_of(thing):
        if alert.snoozed_until == until:
            continue
        Alert.objects.filter(pk=alert.pk).update(snoozed_until=until)
        if until is not None:
            outbox.hold_back(alert, snoozed=True)
        changes = {"until": until.isoformat() if until else None}
        audit.record(
            actor=actor, action="alert.snoozed", thing=alert, company=alert.company, changes=changes
        )
    wake_readers()


def _open_alerts_of(thing: models.Model) -> QuerySet[Alert]:
    rows: QuerySet[Alert] = Alert.objects.open().filter(
        object_type=thing._meta.label_lower, object_id=str(thing.pk), lasting=True
    )
    return rows.select_for_update(of=("self",)).select_related("company").order_by("pk")
