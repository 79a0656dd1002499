"""Which entries of a stranger's archive are restored, when only some of it is asked for."""

from typing import Any

from django.utils.translation import gettext as _

from backups.engines import RestoreOptions
from backups.engines.postgres.outside.inventory import Inventory
from backups.engines.postgres.selection import choose
from backups.engines.postgres.toc import Toc
from backups.engines.postgres.toc_reader import printable
from backups.errors import NothingMatches

MOST_NAMED = 500


def chosen_of(inventory: Inventory, options: RestoreOptions) -> dict[str, Any]:
    """What a file's `contents` say besides: `wanted`, `schemas_needed`, `left_behind`.

    The inventory was taken to be chosen of. Raises NothingMatches.
    """
    toc = Toc(inventory.head, tuple(inventory.entries or ()), 0)
    choice = choose(toc, schemas=options.schemas, tables=options.tables)
    allowed = set(inventory.wanted)
    taken = [one for one in choice.taken if one.number in allowed]
    if not taken:
        raise NothingMatches(_("The archive has nothing of the names that were asked for."))
    made = {one.name for one in taken if one.kind == "SCHEMA"} | {"public", "pg_catalog"}
    return {
        "wanted": [one.number for one in taken],
        "schemas_needed": sorted({printable(one.schema) for one in taken if one.schema} - made),
        "left_behind": [printable(name) for name in choice.left_out][:MOST_NAMED],
        "extensions": sorted({printable(one.name) for one in taken if one.kind == "EXTENSION"}),
    }
