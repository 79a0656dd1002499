"""Entries in the shape of the documented API, made into JSON by PostgreSQL.

A hot list: to make 400 moments of a page into Python's and back takes longer than to ask for it.
Moments are in UTC, with a `Z`.
"""

from functools import cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from access.policy import Actor
from monitoring.expected.entry_cursors import Place
from monitoring.expected.models import BackupEntry

VIEW = "monitoring.view_backupentry"
COLUMNS = (
    *("id", "job_id", "status", "backup_timestamp_utc", "backup_hash", "backup_size_bytes"),
    *("error_message", "created_at", "expected_at", "received_at", "source", "file"),
    *("run_seconds", "content_passed", "warnings", "history"),
)
# Around the rows as they stand, of which the columns come in the order of `COLUMNS`.
_BEFORE = """SELECT (extract(epoch FROM page.expected_at) * 1000000)::bigint, page.id,
  row_to_json(one)::text FROM ("""
_BEHIND = """) AS page(id, job_id, status, backup_timestamp_utc, backup_hash, backup_size_bytes,
  error_message, created_at, expected_at, received_at, source, file,
  run_seconds, content_passed, warnings, history)
CROSS JOIN LATERAL (SELECT
  page.id, page.job_id AS expected_job_id, page.status,
  to_char(page.backup_timestamp_utc AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    AS backup_timestamp_utc,
  page.backup_hash, page.backup_size_bytes, page.error_message,
  to_char(page.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created_at,
  to_char(page.expected_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS expected_at,
  to_char(page.received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS received_at,
  page.source, page.file, page.run_seconds, page.content_passed, page.warnings, page.history
) AS one ORDER BY page.expected_at DESC, page.id DESC
"""


# Made once: to name sixteen columns takes longer than to ask for them.
@cache
def _listed() -> Any:
    return BackupEntry.objects.values_list(*COLUMNS)


def entries_of(actor: Actor) -> Any:
    """The entries that the actor may see, to be chosen from and given to `read_texts`."""
    return _listed().all().visible_to(actor)


def read_texts(rows: Any) -> list[tuple[Place, str]]:
    """The place and the JSON text of each, newest first: see to it that they are few."""
    try:
        sql, values = rows.query.sql_with_params()
    except EmptyResultSet:
        # Of no company, or no job: there is nothing to ask for.
        return []
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE + sql + _BEHIND, values)
        return [((due, number), text) for due, number, text in cursor.fetchall()]
