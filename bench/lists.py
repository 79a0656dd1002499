"""`python -m bench.lists`: the list of backups at 200,000 of them, beside its bare SQL.

An installation of its own; three companies, one of which holds the half, which is 200,000. The
first and the 2,000th page by the API, against the same queries sent alone plus the making of the
same JSON.
"""

import re
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bench.installation import own_installation

if TYPE_CHECKING:
    from django.test import Client

BACKUPS = 400_000
PAGE = 100  # as the API gives without a limit
DEEP = 2000
ROUNDS = 100
BAR = 2.0

FILL = """
INSERT INTO backups_backup (id, company_id, database_id, storage_id, name, file_name, label,
    comment, status, trigger, options, created_at, started_at, completed_at, size_bytes,
    source_bytes, sha256, compression, encrypted, server_version, validation, validation_level,
    validation_detail, checked_at, error_code, error, error_detail, created_by_id)
SELECT gen_random_uuid(), d.company_id, d.id, s.id, d.name, d.name || '_' || n || '.dump.age', '',
    '', CASE WHEN n %% 20 = 0 THEN 'failed' ELSE 'completed' END, 'schedule', '{}',
    now() - n * interval '1 minute', now() - n * interval '1 minute',
    now() - n * interval '1 minute' + interval '30 seconds', 400000000, 1300000000,
    repeat('a', 64), 'zstd:3', true, '17.10',
    CASE WHEN n %% 20 = 0 THEN 'unchecked' ELSE 'good' END, 'content', '',
    now() - n * interval '1 minute', '', '', '', %s
FROM generate_series(1, %s) AS n
JOIN backups_database d ON d.name = 'db' || (n %% 20)
JOIN storage_storagetarget s ON s.company_id = d.company_id
"""
OBJECTS = """
INSERT INTO storage_storedobject (id, company_id, target_id, key, size, sha256, state, checked_at)
SELECT b.id, b.company_id, b.storage_id, b.id::text, 400000000, b.sha256, 'stored', b.checked_at
FROM backups_backup b WHERE status = 'completed';
INSERT INTO backups_backup_stored_objects (backup_id, storedobject_id)
SELECT id, id FROM backups_backup WHERE status = 'completed';
VACUUM ANALYZE
"""


def main() -> None:
    with own_installation():
        clients = _furnish()
        print("| who | page | API ms | SQL + JSON ms | ÷ | queries |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
        held = [_measure(who, client) for who, client in clients.items()]
        print(f"\nThe bar of {BAR} is {'held' if all(held) else 'missed'}.")


def _furnish() -> "dict[str, Client]":
    from django.db import connection
    from django.test import Client

    from access.models import Company, Membership, User
    from backups.models import Database
    from storage.models import StorageTarget

    root = User.objects.create_superuser("bench")
    viewer = User.objects.create_user("viewer")
    companies = [Company.objects.create(name=f"Company {n}") for n in range(3)]
    for company in companies:
        StorageTarget.objects.create(company=company, name="vault", options={"folder": "/x"})
    for n in range(20):
        owner = companies[0] if n < 10 else companies[1 + n % 2]
        Database.objects.create(
            company=owner, name=f"db{n}", host="h", database_name="d", username="u"
        )
    Membership.objects.create(user=viewer, company=companies[0], role="viewer")
    with connection.cursor() as cursor:
        cursor.execute(FILL, [root.pk, BACKUPS])
        for statement in OBJECTS.split(";"):
            cursor.execute(statement)
    found = {}
    for user in (viewer, root):
        found[user.username] = Client()
        found[user.username].force_login(user)
    return found


def _measure(who: str, client: "Client") -> bool:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    held = True
    for number, path in _pages(client).items():
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(path)
        assert answer.status_code == 200
        assert len(answer.json()["results"]) == PAGE
        statements = [query["sql"] for query in captured.captured_queries]
        bare = _bare(statements, who, path)
        ours, theirs = _by_turns(_asked(client, path), bare)
        held = held and ours / theirs < BAR
        print(
            f"| {who} | {number} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.2f} "
            f"| {len(statements)} |",
            flush=True,
        )
    return held


def _asked(client: "Client", path: str) -> Callable[[], None]:
    """The server's part of a request: from the parsed request to the finished answer."""
    from django.core.handlers.base import BaseHandler
    from django.test import RequestFactory

    handler = BaseHandler()
    handler.load_middleware()
    maker = RequestFactory()
    maker.cookies = client.cookies

    def run() -> None:
        assert handler.get_response(maker.get(path)).status_code == 200

    return run


def _bare(statements: list[str], who: str, path: str) -> Callable[[], None]:
    """The same SQL sent alone, and the same rows in the same shape made into the same JSON."""
    import orjson
    from django.db import connection
    from django.http import QueryDict

    from access.models import User
    from backups import selectors
    from backups.description import describe_row

    kept: list[Any] = []
    read = selectors._page_of

    def keep(rows: Any, filters: Any, cursor: Any, limit: int) -> Any:
        kept.append(read(rows, filters, cursor, limit))
        return kept[-1]

    selectors._page_of = keep
    try:
        selectors.list_described(
            actor=User.objects.get(username=who),
            filters=selectors.BackupFilters(),
            cursor=QueryDict(path.partition("?")[2]).get("cursor"),
            limit=PAGE,
        )
    finally:
        selectors._page_of = read
    rows = kept[0].results
    copies = selectors.copies_of([row["id"] for row in rows])

    def run() -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()
        orjson.dumps({"results": [describe_row(row, copies[row["id"]]) for row in rows]})

    return run


def _pages(client: "Client") -> dict[int, str]:
    """The first page, and the deep one as a client comes to it: by its cursors."""
    first = f"/api/backup/list?limit={PAGE}"
    # A cursor is good for pages of any size.
    rest, deep = (DEEP - 1) * PAGE, first
    while rest:
        step = min(rest, 200)
        deep = client.get(_sized(deep, step)).json()["next"]
        rest -= step
    return {1: first, DEEP: _sized(deep, PAGE)}


def _sized(path: str, limit: int) -> str:
    return re.sub(r"limit=\d+", f"limit={limit}", path)


def _by_turns(one: Callable[[], Any], other: Callable[[], Any]) -> tuple[float, float]:
    """The medians of both, in milliseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for run, found in zip((one, other), times, strict=True):
            started = time.perf_counter()
            run()
            found.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


if __name__ == "__main__":
    main()
