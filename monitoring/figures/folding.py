"""Summing the counts up: of each key one row stays. Called by the tick."""

from django.db import connection

# More than a month and a time zone: what no question reaches any more.
MADE_KEPT = "60 days"
MOST = 20_000

# One statement: who reads meanwhile sees the rows before it or those after it, never both.
_FOLD = """
    WITH fresh AS (
        SELECT DISTINCT company_id, "of", by, kind, status, quarter FROM (
            SELECT * FROM monitoring_tally WHERE NOT is_folded ORDER BY id LIMIT %s
        ) AS appended
    ), taken AS (
        DELETE FROM monitoring_tally AS tally USING fresh
        WHERE tally.company_id = fresh.company_id AND tally."of" = fresh."of"
          AND tally.by IS NOT DISTINCT FROM fresh.by AND tally.kind = fresh.kind
          AND tally.status = fresh.status AND tally.quarter IS NOT DISTINCT FROM fresh.quarter
        RETURNING tally.*
    ), summed AS (
        SELECT company_id, "of", by, kind, status, quarter, sum(count) AS count,
               sum(amount) AS amount, count(*) AS rows
        FROM taken GROUP BY company_id, "of", by, kind, status, quarter
    ), kept AS (
        INSERT INTO monitoring_tally
            (company_id, "of", by, kind, status, quarter, count, amount, is_folded)
        SELECT company_id, "of", by, kind, status, quarter, count, amount, true
        FROM summed WHERE count <> 0
    )
    SELECT coalesce(sum(rows), 0) FROM summed
"""


def fold_tallies() -> int:
    """Replace what was appended by its sums; the number of rows that were summed up.

    Safe to repeat, and to be killed in: it is one transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [MOST])
        (folded,) = cursor.fetchone() or (0,)
        cursor.execute(
            "DELETE FROM monitoring_tally WHERE \"of\" = 'made' AND is_folded"
            " AND quarter < now() - %s::interval",
            [MADE_KEPT],
        )
    return int(folded)
