"""Which channels an alert goes to, and from when on. Reads the rows that say so; sends nothing."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from monitoring.alerts.models import Alert, Channel, MaintenanceWindow

_RANK = {severity: rank for rank, severity in enumerate(Alert.Severity.values)}
# A channel that does not work is told by the others.
UNDELIVERED = "alerts.undelivered"


def channels_for(alert: Alert) -> list[Channel]:
    """Those of its company and those of all, that take such an alert."""
    of_company = (
        Q(company=None) | Q(company=alert.company_id) if alert.company_id else Q(company=None)
    )
    rows = Channel.objects.filter(of_company, enabled=True).order_by("pk")
    return [channel for channel in rows if takes(channel, alert)]


def takes(channel: Channel, alert: Alert) -> bool:
    if _RANK[alert.severity] < _RANK[channel.least_severity]:
        return False
    if channel.rules and not alert.rule.startswith(tuple(channel.rules)):
        return False
    if channel.about and alert.about not in channel.about:
        return False
    return alert.key != f"{UNDELIVERED}:{channel.pk}"


def is_often_enough(channel: Channel, alert: Alert) -> bool:
    """Whether it happened as often as the channel waits for. What is a state is not counted."""
    return not alert.occurrence or alert.count >= channel.after_count


def is_gathered(channel: Channel, alert: Alert) -> bool:
    """Whether it waits for the digest. What is critical does not."""
    return channel.digest_at is not None and alert.severity != Alert.Severity.CRITICAL


def due_at(channel: Channel, alert: Alert, *, now: datetime) -> datetime:
    """When it may be sent: after all maintenance, and outside quiet hours if it can wait."""
    free = after_maintenance(alert, now=now)
    if alert.severity == Alert.Severity.CRITICAL:
        return free
    return after_quiet(channel, free)


def after_maintenance(alert: Alert, *, now: datetime) -> datetime:
    of_company = Q(company=None)
    if alert.company_id:
        of_company |= Q(company=alert.company_id)
    windows = [
        window
        for window in MaintenanceWindow.objects.filter(of_company, ends_at__gt=now)
        if not window.about or alert.about in window.about
    ]
    return _after(((one.begins_at, one.ends_at) for one in windows), now)


def after_quiet(channel: Channel, moment: datetime) -> datetime:
    """The moment, or the end of the quiet hours that hold it."""
    if channel.quiet_from is None or channel.quiet_to is None:
        return moment
    zone = ZoneInfo(channel.time_zone)
    local = moment.astimezone(zone)
    for day in (local.date() - timedelta(days=1), local.date()):
        begins = datetime.combine(day, channel.quiet_from, tzinfo=zone)
        last = day if channel.quiet_from < channel.quiet_to else day + timedelta(days=1)
        ends = datetime.combine(last, channel.quiet_to, tzinfo=zone)
        if begins <= local < ends:
            return ends
    return moment


def newest_digest_time(at: time, zone_name: str, *, now: datetime) -> datetime:
    """The last moment at which this local time was."""
    zone = ZoneInfo(zone_name)
    today = now.astimezone(zone).date()
    found = datetime.combine(today, at, tzinfo=zone)
    return found if found <= now else datetime.combine(today - timedelta(days=1), at, tzinfo=zone)


def database_now() -> datetime:
    """The transaction's moment by the database's clock, as `Now()` has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def _after(spans: Iterable[tuple[datetime, datetime]], moment: datetime) -> datetime:
    for begins, ends in sorted(spans):
        if begins <= moment < ends:
            moment = ends
    return moment
