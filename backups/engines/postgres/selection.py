"""Which entries of an archive a restore takes, and what of a fingerprint they can be held to.

What is chosen comes whole: a table with its indexes, constraints, triggers, rights, the sequences
of its columns and its partitions. What it needs besides comes as a definition without rows. A
foreign key to a table that is not brought is left out, and named.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backups.engines.postgres.fingerprints.scope import matches
from backups.engines.postgres.toc import Entry, Toc
from backups.options import NARROWING

RELATIONS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"})
# What belongs to another entry, and comes whenever that one does.
_BELONGING = frozenset(
    {
        *("ACL", "CHECK CONSTRAINT", "COMMENT", "CONSTRAINT", "DEFAULT", "INDEX", "POLICY"),
        *("ROW SECURITY", "RULE", "SECURITY LABEL", "SEQUENCE OWNED BY", "STATISTICS", "TRIGGER"),
    }
)
_ROWS = frozenset({"TABLE DATA", "MATERIALIZED VIEW DATA", "SEQUENCE SET"})
# What holds two things together comes only when both are there.
_LINKS = frozenset({"FK CONSTRAINT", "INDEX ATTACH", "PUBLICATION TABLE", "TABLE ATTACH"})
# How pg_dump's words are called in a fingerprint, where names are made alike.
_KINDS = {
    "TABLE": "table",
    "FOREIGN TABLE": "table",
    "VIEW": "view",
    "MATERIALIZED VIEW": "view",
    "INDEX": "index",
    "SEQUENCE": "sequence",
    "TRIGGER": "trigger",
    "RULE": "rule",
    "POLICY": "policy",
    "CONSTRAINT": "constraint",
    "FK CONSTRAINT": "constraint",
    "TYPE": "type",
    "DOMAIN": "type",
    "SCHEMA": "schema",
}


@dataclass(frozen=True)
class Choice:
    """`taken` in the archive's order; `left_out` names foreign keys. `is_all`: nothing else is
    in the archive."""

    taken: tuple[Entry, ...]
    left_out: tuple[str, ...]
    is_all: bool

    @property
    def numbers(self) -> list[int]:
        return [entry.number for entry in self.taken]


def choose(toc: Toc, *, schemas: Sequence[str], tables: Sequence[str]) -> Choice:
    """All of it without names; `*` in a name stands for any characters."""
    if schemas or tables:
        picked = _closure(toc, _roots(toc, schemas, tables))
    else:
        picked = {entry.number for entry in toc.entries}
    picked -= {entry.number for entry in toc.entries if _dangles(entry, toc)}
    taken = tuple(one for one in toc.entries if one.number in picked)
    owners = {one.full_name for one in taken if one.kind == "TABLE"}
    left_out = [
        one.name
        for one in toc.entries
        if one.kind == "FK CONSTRAINT"
        and one.number not in picked
        and _table_of(one, toc) in owners
    ]
    return Choice(taken, tuple(left_out), is_all=len(taken) == len(toc.entries))


def is_part(manifest: dict[str, Any]) -> bool:
    """Whether the backup's own options left something of the database out."""
    return bool(set(manifest.get("options") or {}) & set(NARROWING))


def unmatched(names: Sequence[str], found: Sequence[str]) -> list[str]:
    """Names for which there is nothing among `found` (`schema.table`)."""
    parted = [full_name.split(".", 1) for full_name in found]
    return [
        name for name in names if not any(matches(name, table, schema) for schema, table in parted)
    ]


def promised(marks: dict[str, Any], choice: Choice, *, schema_only: bool) -> dict[str, Any]:
    """The part of a source's fingerprint that what was taken must equal."""
    found = dict(marks)
    with_rows = {one.full_name for one in choice.taken if one.kind == "TABLE DATA"}
    valued = {one.full_name for one in choice.taken if one.kind == "SEQUENCE SET"}
    if schema_only:
        with_rows, valued = set(), set()
    found["tables"] = {name: mark for name, mark in marks["tables"].items() if name in with_rows}
    if "sequences" in found:
        found["sequences"] = {
            name: mark for name, mark in marks["sequences"].items() if name in valued
        }
    if schema_only or not any(one.kind == "BLOBS" for one in choice.taken):
        found.pop("large_objects", None)
    if "extensions" in found:
        names = {one.name for one in choice.taken if one.kind == "EXTENSION"}
        found["extensions"] = {
            name: version for name, version in marks["extensions"].items() if name in names
        }
    if "objects" in found and not choice.is_all:
        found["objects"] = _promised_objects(marks["objects"], choice.taken)
    return found


def as_wide(copy: dict[str, Any], marks: dict[str, Any]) -> dict[str, Any]:
    """A copy's fingerprint without what nothing was promised of."""
    found = dict(copy)
    found["tables"] = {
        name: mark for name, mark in copy["tables"].items() if name in marks["tables"]
    }
    if "objects" in marks and "objects" in copy:
        found["objects"] = {
            kind: {
                name: digest
                for name, digest in copy["objects"].get(kind, {}).items()
                if name in objects
            }
            for kind, objects in marks["objects"].items()
        }
    return found


def _promised_objects(
    objects: dict[str, dict[str, str]], taken: Sequence[Entry]
) -> dict[str, dict[str, str]]:
    names: dict[str, set[str]] = defaultdict(set)
    for one in taken:
        if one.kind in _KINDS:
            names[_KINDS[one.kind]].add(_alike(one.full_name))
    return {
        kind: {
            name: digest for name, digest in objects.get(kind, {}).items() if _alike(name) in found
        }
        for kind, found in names.items()
    }


def _alike(name: str) -> str:
    """The archive parts table and constraint by a blank, the fingerprint by a dot."""
    return name.replace(" ", ".")


def _roots(toc: Toc, schemas: Sequence[str], tables: Sequence[str]) -> set[int]:
    found = {one.number for one in toc.entries if one.kind in RELATIONS and _is_named(one, tables)}
    for one in toc.entries:
        place = one.name if one.kind == "SCHEMA" else one.schema
        if place is None or one.kind in _LINKS:
            continue
        if any(matches(wanted, place, None) for wanted in schemas):
            found.add(one.number)
    return found


def _is_named(entry: Entry, tables: Sequence[str]) -> bool:
    return any(matches(wanted, entry.name, entry.schema) for wanted in tables)


def _closure(toc: Toc, roots: set[int]) -> set[int]:
    entries = toc.numbered
    dependents: dict[int, list[Entry]] = defaultdict(list)
    for one in toc.entries:
        for needed in set(one.needs):
            dependents[needed].append(one)
    whole = _with_partitions(toc, roots)
    taken: set[int] = set()
    waiting = [entries[number] for number in whole]
    while waiting:
        one = waiting.pop()
        if one.number in taken:
            continue
        taken.add(one.number)
        waiting += [entries[number] for number in one.needs if number in entries]
        waiting += [
            other
            for other in dependents[one.number]
            if _comes_along(other, one, is_whole=one.number in whole)
            or (
                other.kind in _LINKS
                and all(number in taken for number in other.needs if number in entries)
            )
        ]
    return taken


def _comes_along(other: Entry, one: Entry, *, is_whole: bool) -> bool:
    if other.kind in _ROWS:
        return is_whole or one.kind == "SEQUENCE"
    # The sequence of a column, also of an identity column, is made for its table.
    return other.kind in _BELONGING or (other.kind == "SEQUENCE" and one.kind == "TABLE")


def _with_partitions(toc: Toc, roots: set[int]) -> set[int]:
    children: dict[int, set[int]] = defaultdict(set)
    entries = toc.numbered
    for one in toc.entries:
        if one.kind == "TABLE ATTACH":
            parts = {n for n in one.needs if n in entries and entries[n].full_name == one.full_name}
            for parent in set(one.needs) - parts:
                children[parent] |= parts
    found, waiting = set(roots), list(roots)
    while waiting:
        new = children[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _dangles(entry: Entry, toc: Toc) -> bool:
    """A foreign key whose other side is not in the archive: it needs its own table alone."""
    if entry.kind != "FK CONSTRAINT":
        return False
    kinds = {one.kind for one in _needed(entry, toc)}
    return not kinds & {"CONSTRAINT", "INDEX"}


def _needed(entry: Entry, toc: Toc) -> list[Entry]:
    entries = toc.numbered
    return [entries[number] for number in entry.needs if number in entries]


def _table_of(entry: Entry, toc: Toc) -> str | None:
    """Whose foreign key it is: its name is the table's, a blank, its own."""
    for one in _needed(entry, toc):
        if (one.kind, one.schema) == ("TABLE", entry.schema) and entry.name.startswith(
            f"{one.name} "
        ):
            return one.full_name
    return None
