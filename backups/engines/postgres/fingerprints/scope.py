"""What of a database a dump with given options holds, and so what of it can be compared."""

import re
from typing import Any

from backups.engines.postgres.fingerprints.taking import PARTS
from backups.options import Options


def parts_of(options: Options) -> frozenset[str]:
    """Which parts besides the tables the dump holds whole."""
    lists = (options.schemas, options.exclude_schemas, options.tables, options.exclude_tables)
    if options.data_only or any(lists):
        return frozenset()
    return PARTS - {"sequences", "large_objects"} if options.schema_only else PARTS


def takes_table(options: Options, schema: str, name: str) -> bool:
    """Whether the dump may hold rows of this table: at least all that it does hold.

    A name without a schema stands for the table in any schema here; pg_dump looks along the
    role's search path. What it did dump is what it says (`restrict`).
    """
    if options.schema_only:
        return False
    if options.schemas and not _any(options.schemas, schema, None):
        return False
    if options.tables and not _any(options.tables, name, schema):
        return False
    left_out = (*options.exclude_tables, *options.exclude_table_data)
    return not any(
        "." in pattern and matches(pattern, name, schema) for pattern in left_out
    ) and not _any(options.exclude_schemas, schema, None)


def restrict(fingerprint: dict[str, Any], options: Options, dumped: list[str]) -> dict[str, Any]:
    """The fingerprint of what the dump holds. `dumped` are the tables that pg_dump said it read."""
    said = set(dumped)
    marked: dict[str, Any] = fingerprint["tables"]
    found = dict(fingerprint)
    found["tables"] = {name: mark for name, mark in marked.items() if name in said}
    # Named, so that nobody takes them for compared.
    found["uncompared"] = sorted(said - marked.keys())
    if "objects" in found and (options.no_owner or options.no_privileges):
        found["objects"] = {
            kind: objects for kind, objects in found["objects"].items() if "grants" not in kind
        }
    return found


def _any(patterns: tuple[str, ...], name: str, schema: str | None) -> bool:
    return any(matches(pattern, name, schema) for pattern in patterns)


def matches(pattern: str, name: str, schema: str | None) -> bool:
    """Whether `table` or `schema.table` means this one, or, without a schema, this very name."""
    if schema is not None and "." in pattern:
        wanted, pattern = pattern.split(".", 1)
        if not _like(wanted, schema):
            return False
    return _like(pattern, name)


def _like(pattern: str, text: str) -> bool:
    """`*` for any characters; all else is literal."""
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None
