"""Reading alerts: what the actor may see, open ones first, in pages that need no count."""

import uuid
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access.policy import Actor
from monitoring.alerts.errors import BadOption, NoSuchAlert, NoSuchChannel, NoSuchWindow
from monitoring.alerts.models import Alert, Channel, Delivery, MaintenanceWindow

STATES = ("open", "unacknowledged", "waiting", "resolved")
MOST = 200
MOST_COUNTED = 99
_AWAKE = Q(snoozed_until=None) | Q(snoozed_until__lte=Now())
_WAITING = Q(resolved_at=None, acknowledged_at=None) & _AWAKE


@dataclass(frozen=True)
class AlertFilters:
    """`rule` is the beginning of one, such as `backup.`."""

    state: str = ""
    severity: str = ""
    rule: str = ""
    search: str = ""


@dataclass(frozen=True)
class AlertPage:
    """`next` and `previous` are cursors: of what comes after, and before."""

    results: list[Alert]
    next: str | None
    previous: str | None


def list_alerts(
    *, actor: Actor, filters: AlertFilters, cursor: str | None = None, limit: int = 50
) -> AlertPage:
    """Open ones first, then those that are over; the newest first in each. Raises BadOption."""
    back, place = _read(cursor)
    rows = _filtered(Alert.objects.visible_to(actor).select_related("company"), filters)
    parts = [rows.filter(resolved_at=None), rows.filter(resolved_at__isnull=False)]
    order = "pk" if back else "-pk"
    found: list[Alert] = []
    for number in (1, 0) if back else (0, 1):
        part = parts[number]
        if place is not None:
            beyond = number < place[0] if back else number > place[0]
            if number == place[0]:
                part = part.filter(pk__gt=place[1]) if back else part.filter(pk__lt=place[1])
            elif not beyond:
                continue
        found += part.order_by(order)[: limit + 1 - len(found)]
    has_more = len(found) > limit
    found = found[:limit][::-1] if back else found[:limit]
    before, after = (has_more, place is not None) if back else (place is not None, has_more)
    return AlertPage(
        results=found,
        next=_write(found[-1], ">") if found and after else None,
        previous=_write(found[0], "<") if found and before else None,
    )


def alert_for(*, actor: Actor, alert_id: int | str) -> Alert:
    """Raises NoSuchAlert, alike for a missing one and one that the actor may not see."""
    text = str(alert_id)
    found: Alert | None = None
    if text.isascii() and text.isdigit() and len(text) < 19:
        rows = Alert.objects.visible_to(actor).select_related("company")
        found = rows.filter(pk=int(text)).first()
    if found is None:
        raise NoSuchAlert(_("There is no such alert."))
    return found


def count_open(*, actor: Actor) -> int:
    """How many wait for somebody: neither acknowledged nor snoozed. No further than 99."""
    rows = Alert.objects.visible_to(actor).filter(_WAITING)
    return int(rows.order_by()[:MOST_COUNTED].count())


def waiting_by_company() -> dict[int | None, int]:
    """The same of each company, and (None) of the installation, for all who look; uncapped."""
    rows = Alert.objects.filter(_WAITING).order_by().values("company_id")
    return {row["company_id"]: row["count"] for row in rows.annotate(count=Count("pk"))}


def list_deliveries(*, alert: Alert) -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(alert=alert).select_related("channel", "digest")
    return rows.order_by("-pk")


def list_channels(*, actor: Actor) -> QuerySet[Channel]:
    rows: QuerySet[Channel] = Channel.objects.visible_to(actor)
    return rows.select_related("company").order_by("name", "id")


def channel_for(*, actor: Actor, ref: uuid.UUID | str) -> Channel:
    """The channel of an id or a name. Raises NoSuchChannel."""
    rows = list_channels(actor=actor)
    try:
        found = rows.filter(pk=uuid.UUID(str(ref))).first()
    except (ValueError, ValidationError):
        named = list(rows.filter(name=str(ref).replace("\0", ""))[:2])
        found = named[0] if len(named) == 1 else None
    if found is None:
        raise NoSuchChannel(_("There is no such channel."))
    return found


def list_windows(*, actor: Actor) -> QuerySet[MaintenanceWindow]:
    """Those that are not over."""
    rows: QuerySet[MaintenanceWindow] = MaintenanceWindow.objects.visible_to(actor)
    return rows.filter(ends_at__gt=Now()).select_related("company").order_by("begins_at")


def window_for(*, actor: Actor, window_id: int | str) -> MaintenanceWindow:
    """One that is not over. Raises NoSuchWindow."""
    text = str(window_id)
    found: MaintenanceWindow | None = None
    if text.isascii() and text.isdigit() and len(text) < 19:
        found = list_windows(actor=actor).filter(pk=int(text)).first()
    if found is None:
        raise NoSuchWindow(_("There is no such maintenance window."))
    return found


def _filtered(rows: QuerySet[Alert], filters: AlertFilters) -> QuerySet[Alert]:
    if filters.state and filters.state not in STATES:
        raise BadOption("state", _("The state is one of %s.") % ", ".join(STATES))
    if filters.severity and filters.severity not in Alert.Severity.values:
        known = ", ".join(Alert.Severity.values)
        raise BadOption("severity", _("The severity is one of %s.") % known)
    if filters.state == "resolved":
        rows = rows.filter(resolved_at__isnull=False)
    elif filters.state:
        rows = rows.filter(resolved_at=None)
    if filters.state == "unacknowledged":
        rows = rows.filter(acknowledged_at=None)
    elif filters.state == "waiting":
        rows = rows.filter(_WAITING)
    if filters.severity:
        rows = rows.filter(severity=filters.severity)
    rule, search = (text.replace("\0", "") for text in (filters.rule, filters.search))
    if rule:
        rows = rows.filter(rule__startswith=rule)
    if search:
        rows = rows.filter(Q(subject__icontains=search) | Q(about__icontains=search))
    return rows


def _write(alert: Alert, direction: str) -> str:
    return f"{direction}{0 if alert.is_open else 1}.{alert.pk}"


def _read(cursor: str | None) -> tuple[bool, tuple[int, int] | None]:
    """Raises BadOption for anything that `_write` did not make."""
    if not cursor:
        return False, None
    part, dot, number = cursor[1:].partition(".")
    is_number = number.isascii() and number.isdigit() and len(number) < 19
    if cursor[0] not in "<>" or part not in ("0", "1") or not dot or not is_number:
        raise BadOption("cursor", _("This cursor cannot be read; start from the first page."))
    return cursor[0] == "<", (int(part), int(number))
