"""A job's row as the arithmetic of `plans` takes it; its times are checked when written."""

from datetime import time, timedelta

from django.utils.translation import gettext as _

from monitoring.expected.errors import BadField
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.plans import Plan
from monitoring.expected.states import Frequency
from monitoring.times.cron import BadCron, check_cron
from monitoring.times.zones import known_zones


def plan_of(job: ExpectedBackupJob) -> Plan:
    at, zone = time(job.expected_hour_utc or 0, job.expected_minute_utc or 0), "UTC"
    if job.local_time is not None:
        at, zone = job.local_time, job.timezone
    if job.backup_frequency == Frequency.CUSTOM:
        zone = job.timezone
    return Plan(
        frequency=job.backup_frequency,
        at=at,
        zone=zone,
        weekdays=tuple(job.days_of_week),
        day_of_month=job.day_of_month or 1,
        cron=job.cron,
        grace=timedelta(minutes=job.grace_minutes),
        early=timedelta(minutes=job.early_minutes),
    )


def check_times(job: ExpectedBackupJob) -> None:
    """Each time that the frequency needs is there, and none that it cannot use. Raises BadField."""
    if job.timezone not in known_zones():
        raise BadField("timezone", _("There is no such time zone; as in Europe/Berlin."))
    frequency = job.backup_frequency
    if (frequency == Frequency.CUSTOM) != bool(job.cron):
        raise BadField("cron", _("cron goes with the frequency custom, and that with cron."))
    if frequency == Frequency.CUSTOM:
        _check_custom(job)
    else:
        _check_time_of_day(job)
    if (frequency == Frequency.WEEKLY) != bool(job.days_of_week):
        raise BadField("days_of_week", _("days_of_week go with the frequency weekly: 0 to 6."))
    if frequency == Frequency.MONTHLY and job.day_of_month is None:
        raise BadField("day_of_month", _("A monthly backup needs its day of the month."))
    if frequency != Frequency.MONTHLY and job.day_of_month is not None:
        raise BadField("day_of_month", _("day_of_month goes with the frequency monthly."))


def _check_custom(job: ExpectedBackupJob) -> None:
    try:
        job.cron = check_cron(job.cron)
    except BadCron as error:
        raise BadField("cron", str(error)) from error
    if job.local_time is not None:
        raise BadField("local_time", _("With cron the times stand in cron."))


def _check_time_of_day(job: ExpectedBackupJob) -> None:
    utc = [job.expected_hour_utc, job.expected_minute_utc]
    if job.local_time is not None and utc != [None, None]:
        said = _("Give local_time with its timezone, or the times in UTC, not both.")
        raise BadField("local_time", said)
    if job.local_time is not None:
        return
    if job.expected_minute_utc is None:
        raise BadField("expected_minute_utc", _("Say at which minute it is expected."))
    if job.expected_hour_utc is None and job.backup_frequency != Frequency.HOURLY:
        raise BadField("expected_hour_utc", _("Say at which hour it is expected."))
