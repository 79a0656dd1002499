"""The copies of a backup: how many are whole, of how many that there should be."""

from dataclasses import dataclass
from typing import Any

from backups.copies import copies_to_read
from backups.description import describe_copy, iso
from backups.models import Backup, Copy
from storage.models import StoredObject

MOST_SHOWN = 20


@dataclass(frozen=True)
class Count:
    """`wanted` are those that lie somewhere, or should by the database's rule, at different
    storages; `whole` those of them that were what was written when they were last read."""

    whole: int
    wanted: int


def count_copies(backup: Backup) -> Count:
    copies = copies_to_read(backup)
    whole = {one.target_id for one in copies if one.state == StoredObject.State.STORED}
    wanted = {one.target_id for one in copies}
    # Of a backup that was made before the rule, nothing is promised.
    runs = backup.copy_runs.values_list("target_id", flat=True)
    by_rule = set(backup.database.copy_storages.values_list("pk", flat=True))
    wanted |= by_rule & set(runs)
    return Count(len(whole), len(wanted))


def newest_runs(backup: Backup) -> list[Copy]:
    runs = backup.copy_runs.select_related("target", "file").order_by("-created_at")
    return list(runs[:MOST_SHOWN])


def describe_copies(backup: Backup) -> dict[str, Any]:
    count = count_copies(backup)
    return {
        "id": str(backup.pk),
        "whole": count.whole,
        "wanted": count.wanted,
        "copies": [
            {
                "storage": stored.target.name,
                "status": stored.state,
                "checked_at": iso(stored.checked_at),
            }
            for stored in copies_to_read(backup)
        ],
        "runs": [describe_copy(copy) for copy in newest_runs(backup)],
    }
