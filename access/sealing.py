"""Sealing the audit: entries get their place and digest in the chain, a batch at a time.

Unsealed is a state of the row, not a place in an order of ids: an entry whose transaction
commits late is sealed later, behind those with higher ids, and none is skipped.
"""

import structlog
from django.db import connection, transaction

from access import headfile
from access.chain import FACTS, START, Head, digest_after, facts_of
from access.models import AuditEntry

log = structlog.get_logger(__name__)

BATCH = 1000
BATCHES_AT_ONCE = 20
# Two sealers would give one place to two entries.
LOCK = 0x41756469


def seal_audit() -> int:
    """Seal what waits, oldest id first; how many were sealed. A duty of the tick."""
    sealed = 0
    for _ in range(BATCHES_AT_ONCE):
        done = _seal_batch()
        sealed += done
        if done < BATCH:
            break
    _keep_head()
    return sealed


def head() -> Head:
    """The end of the chain in the table."""
    found = (
        AuditEntry.objects.exclude(position=None)
        .order_by("-position")
        .values_list("position", "digest")
        .first()
    )
    return Head(found[0], found[1]) if found and found[0] else START


def fits(known: Head) -> bool:
    """Whether a head that was once the chain's end is still a place in it."""
    if known == START:
        return True
    return AuditEntry.objects.filter(position=known.position, digest=known.digest).exists()


def lost_head() -> Head | None:
    """The head in the data folder, when it is no place in the table's chain any more."""
    known = headfile.read()
    return known if known is not None and not fits(known) else None


def accept_head() -> tuple[Head | None, Head]:
    """Let the file follow the table again; the heads before and after."""
    before, now = headfile.read(), head()
    headfile.write(now)
    return before, now


@transaction.atomic
def _seal_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    end = head()
    waiting = AuditEntry.objects.select_for_update().filter(position=None).order_by("id")
    rows = list(waiting.values(*FACTS)[:BATCH])
    places: list[Head] = []
    for row in rows:
        facts = facts_of({**row, "position": end.position + 1})
        end = Head(end.position + 1, digest_after(end.digest, facts))
        places.append(end)
    if rows:
        _write([row["id"] for row in rows], places)
    return len(rows)


def _write(ids: list[int], places: list[Head]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_auditentry AS entry"
            " SET position = sealed.position, digest = sealed.digest"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::text[])"
            " AS sealed (id, position, digest) WHERE entry.id = sealed.id",
            [ids, [place.position for place in places], [place.digest for place in places]],
        )


def _keep_head() -> None:
    """Move the file on, unless the table has lost what the file knows: then it is evidence."""
    known, end = headfile.read(), head()
    if known == end or (known is None and end == START):
        return
    if lost_head() is not None:
        log.error("audit_head_disagrees", known=str(known), found=str(end))
        return
    headfile.write(end)
