"""What the page of expected backups shows: how many stand how, and for each job a strip of days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from access.policy import Actor
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.selectors import list_jobs, search_jobs
from monitoring.expected.states import BAD, Status

DAYS = 90
PAGE = 25
# Which rows each choice of the page shows; a job stands in one of them alone.
STANDINGS = ("late", "missing", "failed", "too_old", "unknown", "well", "paused")
_FAILED = [one for one in BAD if one != Status.MISSING]


@dataclass(frozen=True)
class Day:
    """One cell of a strip; `state` is the worst of the day's entries, empty when there is none."""

    day: date
    state: str
    count: int
    warned: bool

    @property
    def word(self) -> str:
        return str(Status(self.state).label)

    @property
    def tone(self) -> str:
        if not self.state:
            return "empty"
        if self.state == Status.SUCCESS:
            return "warn" if self.warned else "good"
        return "none" if self.state == Status.UNKNOWN else "bad"


@dataclass(frozen=True)
class Row:
    job: ExpectedBackupJob
    standing: str
    days: list[Day]

    @property
    def state(self) -> str:
        """The word of its badge."""
        if self.standing in ("late", "too_old", "paused"):
            return self.standing
        return self.job.current_status


def count_standings(*, actor: Actor, now: datetime) -> dict[str, int]:
    """How many jobs stand how; in one query."""
    rows = list_jobs(actor=actor).order_by()
    counted: dict[str, int] = rows.aggregate(
        **{name: Count("pk", filter=condition(name, now)) for name in STANDINGS}
    )
    return counted


def condition(standing: str, now: datetime) -> Q:
    if standing == "paused":
        return Q(is_active=False)
    bad, late = Q(current_status__in=BAD), Q(next_expected_at__lte=now)
    # Each leaves out those before it.
    found = {
        "missing": Q(current_status=Status.MISSING),
        "failed": Q(current_status__in=_FAILED),
        "too_old": ~bad & Q(is_too_old=True),
        "late": ~bad & Q(is_too_old=False) & late,
    }
    rest = ~bad & Q(is_too_old=False) & (~late | Q(next_expected_at=None))
    found["well"] = rest & Q(current_status=Status.SUCCESS)
    found["unknown"] = rest & Q(current_status=Status.UNKNOWN)
    return Q(is_active=True) & found[standing]


def standing_of(job: ExpectedBackupJob, now: datetime) -> str:
    if not job.is_active:
        return "paused"
    if job.current_status in BAD:
        return "missing" if job.current_status == Status.MISSING else "failed"
    if job.is_too_old:
        return "too_old"
    if job.next_expected_at is not None and job.next_expected_at <= now:
        return "late"
    return "well" if job.current_status == Status.SUCCESS else "unknown"


def choose(
    *, actor: Actor, now: datetime, standing: str = "", search: str = ""
) -> QuerySet[ExpectedBackupJob]:
    """In the order of the page: by company, city and name."""
    rows = list_jobs(actor=actor)
    if standing in STANDINGS:
        rows = rows.filter(condition(standing, now))
    return search_jobs(rows, search).order_by("company__name", "city", "database_name", "id")


def rows_of(jobs: Sequence[ExpectedBackupJob], now: datetime) -> list[Row]:
    strips = strips_of([job.pk for job in jobs], now.date())
    return [Row(job, standing_of(job, now), strips[job.pk]) for job in jobs]


_STRIPS = """
SELECT job_id, (expected_at AT TIME ZONE 'UTC')::date AS day, count(*),
  (array_agg(status ORDER BY array_position(%s, status::text)))[1],
  bool_or(jsonb_array_length(warnings) > 0)
FROM monitoring_backupentry WHERE job_id = ANY(%s) AND expected_at >= %s AND expected_at < %s
GROUP BY 1, 2
"""


def strips_of(job_ids: list[int], today: date) -> dict[int, list[Day]]:
    """Of each job ninety days, the oldest first; in one query. Days are of UTC."""
    first = today - timedelta(days=DAYS - 1)
    order = [*BAD, Status.SUCCESS, Status.UNKNOWN]
    values: list[Any] = [[str(one) for one in order], job_ids, first, today + timedelta(days=2)]
    with connection.cursor() as cursor:
        cursor.execute(_STRIPS, values)
        known = {(row[0], row[1]): row for row in cursor.fetchall()}
    days = [first + timedelta(days=number) for number in range(DAYS)]
    found = {}
    for job_id in job_ids:
        cells = []
        for day in days:
            row = known.get((job_id, day))
            cells.append(Day(day, row[3], row[2], row[4]) if row else Day(day, "", 0, False))
        found[job_id] = cells
    return found


def words_of(standing: str) -> str:
    return {
        "late": _("Late"),
        "missing": _("Missing"),
        "failed": _("Failed"),
        "too_old": _("Too old"),
        "unknown": _("Not known"),
        "well": _("Well"),
        "paused": _("Paused"),
    }[standing]
