"""Which channels an alert goes to, and from when on. Reads the rows that say so; sends nothing."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Q

from monitoring.alerts.models import Alert, Channel, MaintenanceWindow

_RANK = {severity: rank for rank, severity in enumerate(Alert.Severity.values)}
# A channel that does not work is told by the others.
UNDELIVERED = "alerts.undelivered"


class Routes:
    """Channels and maintenance windows, read once for any number of alerts."""

    def __init__(self, alerts: Sequence[Alert]) -> None:
        companies = {alert.company_id for alert in alerts if alert.company_id}
        theirs = Q(company=None) | Q(company__in=companies)
        self.now = database_now()
        self._channels = list(Channel.objects.filter(theirs, enabled=True).order_by("pk"))
        self._windows = list(MaintenanceWindow.objects.filter(theirs, ends_at__gt=self.now))

    def channels_for(self, alert: Alert) -> list[Channel]:
        """Those of its company and those of all, that take such an alert."""
        return [
            channel
            for channel in self._channels
            if channel.company_id in (None, alert.company_id) and takes(channel, alert)
        ]

    def due_at(self, channel: Channel | None, alert: Alert) -> datetime:
        """When it may be sent: after all maintenance, and outside quiet hours if it can wait.
        What is gathered waits for the digest, whose hour is chosen."""
        windows = list(self._maintenance(alert))
        moment = _after(windows, self.now)
        if channel is None or is_gathered(channel, alert) or is_critical(alert):
            return moment
        # The end of the one may lie within the other.
        while (later := _after(windows, after_quiet(channel, moment))) != moment:
            moment = later
        return moment

    def _maintenance(self, alert: Alert) -> Iterable[tuple[datetime, datetime]]:
        return (
            (window.begins_at, window.ends_at)
            for window in self._windows
            if window.company_id in (None, alert.company_id)
            and (not window.about or alert.about in window.about)
        )


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
    return channel.digest_at is not None and not is_critical(alert)


def is_critical(alert: Alert) -> bool:
    return alert.severity == Alert.Severity.CRITICAL


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
