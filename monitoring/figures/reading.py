"""The numbers of the queue and of the installation, for many scopes at once, from the counts.

Three statements, whatever the number of files and of scopes; see `triggers` and `folding`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from monitoring.figures.scopes import Scope, companies_of
from monitoring.files.models import TrackedFile

Status = TrackedFile.Status


@dataclass(frozen=True)
class Queue:
    pending: int = 0
    downloading: int = 0
    completed: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.pending + self.downloading + self.completed + self.failed


@dataclass(frozen=True)
class Stats:
    """`storage_used` in bytes; `seconds` is the mean of what completed, 0 without any.

    Today, week (from Monday) and month are those of the installation's time zone.
    """

    queue: Queue = Queue()
    today: int = 0
    week: int = 0
    month: int = 0
    storage_used: int = 0
    seconds: float = 0.0


_STATES = """
    SELECT company_id, by, kind, status, sum(count), sum(amount) FROM monitoring_tally
    WHERE "of" = 'files' AND (%(all)s OR company_id = ANY(%(companies)s))
    GROUP BY company_id, by, kind, status
"""
_MADE = """
    WITH since AS (
        SELECT date_trunc('day', here) AT TIME ZONE %(zone)s AS today,
               date_trunc('week', here) AT TIME ZONE %(zone)s AS week,
               date_trunc('month', here) AT TIME ZONE %(zone)s AS month
        FROM (SELECT now() AT TIME ZONE %(zone)s AS here) AS moment
    )
    SELECT company_id, by, kind, coalesce(sum(count) FILTER (WHERE quarter >= today), 0),
           coalesce(sum(count) FILTER (WHERE quarter >= week), 0),
           coalesce(sum(count) FILTER (WHERE quarter >= month), 0)
    FROM monitoring_tally, since
    WHERE "of" = 'made' AND quarter >= (SELECT least(week, month) FROM since)
      AND (%(all)s OR company_id = ANY(%(companies)s))
    GROUP BY company_id, by, kind
"""
_STORED = """
    SELECT company_id, sum(amount) FROM monitoring_tally
    WHERE "of" = 'stored' AND (%(all)s OR company_id = ANY(%(companies)s)) GROUP BY company_id
"""
# Further than this nobody counts: an index is read so far for each one who asks.
MOST_BEFORE = 100_000
_POSITIONS = """
    SELECT who, 1 + (
        SELECT count(*) FROM (
            SELECT FROM monitoring_trackedfile AS other
            WHERE other.status = 'queued' AND other.created_at < mine.created_at LIMIT %(most)s
        ) AS before
    )
    FROM unnest(%(users)s::bigint[]) AS who
    CROSS JOIN LATERAL (
        SELECT created_at FROM monitoring_trackedfile
        WHERE status = 'queued' AND created_by_id = who
          AND (%(kinds)s::text[] = '{}' OR kind = ANY(%(kinds)s::text[]))
        ORDER BY created_at LIMIT 1
    ) AS mine
"""


def read_queues(scopes: Iterable[Scope]) -> dict[Scope, Queue]:
    wanted = list(set(scopes))
    rows = _rows(_STATES, wanted)
    return {scope: _queue(scope, rows) for scope in wanted}


def read_stats(scopes: Iterable[Scope]) -> dict[Scope, Stats]:
    wanted = list(set(scopes))
    states, made, stored = (_rows(sql, wanted) for sql in (_STATES, _MADE, _STORED))
    return {scope: _stats(scope, states, made, stored) for scope in wanted}


def read_positions(users: Collection[int], kinds: tuple[str, ...] = ()) -> dict[int, int]:
    """How many stand before the oldest queued file of each, plus one; who has none is left out.

    All that wait are counted: workers take them in their order, whosever they are.
    """
    if not users:
        return {}
    asked: dict[str, Any] = {"users": list(users), "kinds": list(kinds), "most": MOST_BEFORE}
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, asked)
        return dict(cursor.fetchall())


def _rows(sql: str, scopes: list[Scope]) -> list[Any]:
    companies = companies_of(scopes)
    asked: dict[str, Any] = {
        "all": companies is None,
        "companies": companies or [],
        "zone": settings.TIME_ZONE,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def _queue(scope: Scope, states: list[Any]) -> Queue:
    found = dict.fromkeys(Status.values, 0)
    for company, by, kind, status, count, _seconds in states:
        if scope.holds(company=company, by=by, kind=kind):
            found[status] = found.get(status, 0) + int(count)
    return Queue(
        pending=found[Status.QUEUED],
        downloading=found[Status.PROCESSING],
        completed=found[Status.COMPLETED],
        failed=found[Status.FAILED],
    )


def _stats(scope: Scope, states: list[Any], made: list[Any], stored: list[Any]) -> Stats:
    queue = _queue(scope, states)
    seconds = sum(
        amount
        for company, by, kind, status, _count, amount in states
        if status == Status.COMPLETED and scope.holds(company=company, by=by, kind=kind)
    )
    ranges = [row[3:] for row in made if scope.holds(company=row[0], by=row[1], kind=row[2])]
    today, week, month = (
        (int(sum(part)) for part in zip(*ranges, strict=True)) if ranges else (0,) * 3
    )
    return Stats(
        queue=queue,
        today=today,
        week=week,
        month=month,
        storage_used=_storage_used(scope, stored),
        seconds=round(max(0.0, seconds) / queue.completed, 1) if queue.completed else 0.0,
    )


def _storage_used(scope: Scope, stored: list[Any]) -> int:
    """Of all kinds of files; an agent is told nothing of the company's storages."""
    if scope.by is not None:
        return 0
    return int(
        sum(
            amount
            for company, amount in stored
            if scope.companies is None or company in scope.companies
        )
    )
