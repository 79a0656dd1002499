"""What a person does with an alert: acknowledge it, or leave it alone for a while."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, require
from monitoring.alerts import outbox
from monitoring.alerts.errors import BadOption, IsOver, NoSuchAlert
from monitoring.alerts.models import Alert
from monitoring.alerts.owners import acknowledge_owner, hold_owner, snooze_owner
from monitoring.alerts.routing import database_now
from monitoring.alerts.services import alone, end_alerts, wake_readers

LONGEST_SNOOZE = timedelta(days=31)
PERMISSION = "monitoring.change_alert"


@transaction.atomic
def acknowledge_alert(*, alert: Alert, actor: Actor) -> Alert:
    """Somebody has seen it: it is not repeated any more. News that nothing takes back is over.

    Acknowledged already, it stays as it is. Raises NotAllowed, IsOver.
    """
    locked = _locked(alert, actor)
    if locked.acknowledged_at is None:
        Alert.objects.filter(pk=locked.pk).update(
            acknowledged_at=Now(), acknowledged_by=actor.get_username()[:200], snoozed_until=None
        )
        audit.record(actor=actor, action="alert.acknowledged", thing=locked, company=locked.company)
        outbox.hold_back(locked, snoozed=False)
        acknowledge_owner(locked, actor)
        if not locked.lasting:
            end_alerts([locked])
    locked.refresh_from_db()
    wake_readers()
    return locked


@transaction.atomic
def snooze_alert(*, alert: Alert, actor: Actor, until: datetime) -> Alert:
    """Nothing more is said of it until then; what is still so then is told once more.

    Raises NotAllowed, IsOver, BadOption.
    """
    locked = _locked(alert, actor)
    now = database_now()
    if not now < until <= now + LONGEST_SNOOZE:
        said = _("Choose a time within the next %(days)d days.")
        raise BadOption("until", said % {"days": LONGEST_SNOOZE.days})
    Alert.objects.filter(pk=locked.pk).update(snoozed_until=until)
    outbox.hold_back(locked, snoozed=True)
    audit.record(
        actor=actor,
        action="alert.snoozed",
        thing=locked,
        company=locked.company,
        changes={"until": until.isoformat()},
    )
    snooze_owner(locked, until, actor)
    locked.refresh_from_db()
    wake_readers()
    return locked


def _locked(alert: Alert, actor: Actor) -> Alert:
    require(actor, PERMISSION, alert.company)
    hold_owner(alert)
    # What happens again at this moment waits: it must not be written into one that has ended.
    alone([alert.key])
    found = Alert.objects.select_for_update(of=("self",)).select_related("company")
    locked: Alert | None = found.filter(pk=alert.pk).first()
    if locked is None:
        raise NoSuchAlert(_("There is no such alert."))
    if not locked.is_open:
        raise IsOver(_("This alert is over already."))
    return locked
