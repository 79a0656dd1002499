"""A page of entries reads a page's worth, wherever it lies and by whatever it was chosen."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from access.models import Company, User
from monitoring.expected.entry_cursors import older_than, place_of
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.selectors import EntryFilters, list_entries
from monitoring.times.clock import database_now
from tests.cast import company, superuser, viewer

__all__ = ["company", "superuser", "viewer"]
pytestmark = pytest.mark.django_db
DAYS, JOBS = 20, 1000
# Of a page of 50: the walk down an index, and its rows. The table has some 300.
FEW_BUFFERS = 20
FILL = """
INSERT INTO monitoring_backupentry (company_id, job_id, expected_at, status, source, warnings,
  history)
SELECT %s, %s + n, date_trunc('day', now()) - d * interval '1 day', 'SUCCESS', 'report', '[]', '[]'
FROM generate_series(0, %s - 1) AS d, generate_series(0, %s - 1) AS n ORDER BY d DESC, n;
ANALYZE monitoring_backupentry
"""


@pytest.fixture
def many(company: Company) -> None:
    jobs = ExpectedBackupJob.objects.bulk_create(
        ExpectedBackupJob(company=company, city="Porto", database_name="orders", ping_key=str(n))
        for n in range(JOBS)
    )
    with connection.cursor() as cursor:
        for statement in FILL.split(";"):
            given = [company.pk, jobs[0].pk, DAYS, JOBS] if "%s" in statement else []
            cursor.execute(statement, given)


def _buffers(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
        [found] = cursor.fetchone()
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.usefixtures("many")
def test_each_page_begins_where_it_is(viewer: User, superuser: User) -> None:
    now, back = database_now(), timedelta(days=DAYS - 2)
    deep = BackupEntry.objects.order_by("-expected_at", "-id")[DAYS * JOBS * 3 // 4]
    asked: dict[str, tuple[EntryFilters, str | None]] = {
        "first": (EntryFilters(), None),
        "deep": (EntryFilters(), older_than(place_of(deep))),
        "to": (EntryFilters(until=now - back), None),
        "from, in the future": (EntryFilters(after=now + back), None),
        "both": (EntryFilters(after=now - back, until=now - back + timedelta(days=1)), None),
        "of a status": (EntryFilters(status=["MISSING"]), None),
        "of a status, to": (EntryFilters(status=["SUCCESS"], until=now - back), None),
    }
    for actor in (viewer, superuser):
        for name, (filters, cursor) in asked.items():
            with CaptureQueriesContext(connection) as captured:
                list_entries(actor=actor, filters=filters, cursor=cursor)
            read = _buffers(captured.captured_queries[-1]["sql"])
            assert read <= FEW_BUFFERS, (actor, name, read)
