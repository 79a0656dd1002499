"""`python -m bench.expected`: 100,000 expected backups, and 1,000,000 entries of them.

An installation of its own. A scan with 1,000 jobs due in its minute, all of them missing; the
first and the 10,000th page of entries by the API, against their plain SQL alone plus the making of
JSON of it.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from bench.installation import own_installation
from bench.lists import _asked, _by_turns

if TYPE_CHECKING:
    from django.test import Client

JOBS, DUE, ENTRIES = 100_000, 1_000, 1_000_000
PAGE = 100
DEEP = 10_000
SCAN_SECONDS, BAR = 10.0, 2.0

FILL = """
INSERT INTO monitoring_expectedbackupjob (company_id, city, database_name,
  agent_id_responsible, backup_frequency, expected_hour_utc, expected_minute_utc, timezone,
  days_of_week, cron, grace_minutes, early_minutes, size_history, require_content_check,
  final_storage_path_template, notification_recipients, is_active, ping_key, current_status,
  told_status, is_too_old, told_too_old, watermark, next_check_at, next_expected_at,
  acknowledged_by)
SELECT %s, 'City ' || n %% 500, 'db' || n, 'agent' || n %% 200, 'daily',
  extract(hour FROM now() AT TIME ZONE 'UTC'), extract(minute FROM now() AT TIME ZONE 'UTC'),
  'UTC', '[]', '', CASE WHEN n <= %s THEN 0 ELSE 60 END, 0, 7, false, '', '[]', true,
  md5(n::text), 'SUCCESS', 'SUCCESS', false, false, now() - interval '23 hours',
  CASE WHEN n <= %s THEN now() ELSE now() + interval '1 hour' END,
  date_trunc('minute', now()), ''
FROM generate_series(1, %s) AS n
"""
ENTRY = """
INSERT INTO monitoring_backupentry (company_id, job_id, expected_at, status, source,
  backup_timestamp_utc, backup_hash, backup_size_bytes, warnings, history, received_at)
SELECT j.company_id, j.id, now() - d * interval '1 day', 'SUCCESS', 'report',
  now() - d * interval '1 day', md5(j.id::text || d), 400000000, '[]', '[]', now()
FROM generate_series(1, %s) AS d, monitoring_expectedbackupjob AS j ORDER BY d DESC, j.id
"""


def main() -> None:
    with own_installation():
        clients = _furnish()
        held = [_scan()]
        print("\n| who | page | API ms | SQL + JSON ms | ÷ | queries |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
        held += [_pages(who, client) for who, client in clients.items()]
        print(f"\nThe bars are {'held' if all(held) else 'missed'}.")


def _furnish() -> "dict[str, Client]":
    from django.db import connection
    from django.test import Client

    from access.models import Company, Membership, User

    company = Company.objects.create(name="Acme")
    people = [User.objects.create_user("viewer"), User.objects.create_superuser("root")]
    Membership.objects.create(user=people[0], company=company, role="viewer")
    with connection.cursor() as cursor:
        cursor.execute(FILL, [company.pk, DUE, DUE, JOBS])
        cursor.execute(ENTRY, [ENTRIES // JOBS])
        cursor.execute("VACUUM ANALYZE")
    found = {}
    for user in people:
        found[user.username] = Client()
        found[user.username].force_login(user)
    return found


def _scan() -> bool:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from monitoring.expected.scanning import scan_jobs
    from monitoring.expected.telling import tell_changes

    print("| what | seconds | queries |\n| --- | ---: | ---: |")
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as asked:
        missing = scan_jobs()
    took = time.perf_counter() - began
    assert missing == DUE, missing
    print(f"| scan: {DUE} missing of {JOBS} | {took:.2f} | {len(asked)} |")
    began = time.perf_counter()
    with CaptureQueriesContext(connection) as told:
        count = 0
        while count < DUE:
            count += tell_changes()
    telling = time.perf_counter() - began
    # In rounds of fifteen seconds at the most: the tick goes on in between.
    print(f"| their alerts | {telling:.2f} | {len(told)} |", flush=True)
    return took < SCAN_SECONDS


def _pages(who: str, client: "Client") -> bool:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from monitoring.expected.entry_cursors import older_than, place_of
    from monitoring.expected.models import BackupEntry

    before = BackupEntry.objects.order_by("-expected_at", "-id")[(DEEP - 1) * PAGE - 1]
    base, held = f"/api/v1/entries?limit={PAGE}", True
    for number in (1, DEEP):
        path = base if number == 1 else f"{base}&cursor={older_than(place_of(before))}"
        # Once a minute a request writes down besides that its session was used.
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert len(answer.json()["results"]) == PAGE
        statements = [query["sql"] for query in captured.captured_queries]
        ours, theirs = _by_turns(_asked(client, path), _bare(statements, who, path))
        held = held and ours / theirs < BAR
        print(
            f"| {who} | {number} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.2f} "
            f"| {len(statements)} |",
            flush=True,
        )
    return held


def _bare(statements: list[str], who: str, path: str) -> Callable[[], None]:
    """The same statements sent alone, that of the list as a plain SELECT of its columns, and the
    rows made into JSON as they come."""
    import orjson
    from django.db import connection
    from django.http import QueryDict

    from access.models import User
    from monitoring.expected.entry_cursors import read_cursor
    from monitoring.expected.entry_texts import COLUMNS
    from monitoring.expected.models import BackupEntry

    cursor = QueryDict(path.partition("?")[2]).get("cursor")
    rows = BackupEntry.objects.visible_to(User.objects.get(username=who))
    rows = rows.order_by("-expected_at", "-id")
    if cursor:
        rows = rows.filter(read_cursor(cursor)[1])
    plain, values = rows.values_list(*COLUMNS)[: PAGE + 1].query.sql_with_params()
    as_we_do = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS

    def run() -> None:
        with connection.cursor() as cursor:
            for statement in statements[:-1]:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()
            cursor.execute(plain, values)
            found = [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]
        orjson.dumps({"results": found}, option=as_we_do)

    return run


if __name__ == "__main__":
    main()
