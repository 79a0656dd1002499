"""A source's fingerprint in words: its tables as rows of a page, all else as numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from look.units import grouped

MOST_TABLES = 500
MOST_OPEN = 12
MOST_NAMED = 20
SHORT = 10

BY: dict[str, str | Promise] = {
    "hash": gettext_lazy("hash of each row"),
    "text": gettext_lazy("text of each row"),
    "count": gettext_lazy("number of rows only"),
}


@dataclass(frozen=True)
class TableView:
    """`sum` in full; `said` is what differs, empty where nothing does."""

    name: str
    rows: str
    sum: str
    by: str | Promise
    said: str

    @property
    def short(self) -> str:
        return f"{self.sum[:SHORT]}…" if len(self.sum) > SHORT + 2 else self.sum


@dataclass(frozen=True)
class FingerprintView:
    """Differing tables come first, so that they are shown however many there are."""

    total: int
    tables: list[TableView]
    others: str
    extensions: str
    uncompared: str
    only_counts: bool

    @property
    def more(self) -> int:
        return self.total - len(self.tables)

    @property
    def is_folded(self) -> bool:
        return self.total > MOST_OPEN

    @property
    def has_differing(self) -> bool:
        return any(table.said for table in self.tables)


def fingerprint_view(
    manifest: Mapping[str, Any] | None, said: Mapping[str, str]
) -> FingerprintView | None:
    """`said` is what differs, by the table's full name. None where no fingerprint was taken."""
    contents = (manifest or {}).get("contents") or {}
    marks = contents.get("fingerprint")
    if not marks:
        return None
    tables = marks.get("tables") or {}
    names = sorted(tables, key=lambda name: (name not in said, name))
    return FingerprintView(
        total=len(tables),
        tables=[_table(name, tables[name], said) for name in names[:MOST_TABLES]],
        others=", ".join(_others(marks)),
        extensions=named(f"{name} {v}" for name, v in (marks.get("extensions") or {}).items()),
        uncompared=named(marks.get("uncompared") or []),
        only_counts=bool(tables) and all(mark["by"] == "count" for mark in tables.values()),
    )


def named(names: Iterable[str], most: int = MOST_NAMED) -> str:
    """The first names, and how many more there are."""
    found = list(names)
    shown = ", ".join(found[:most])
    rest = len(found) - most
    if rest <= 0:
        return shown
    return _("%(names)s and %(count)s more") % {"names": shown, "count": grouped(rest)}


def _table(name: str, mark: Mapping[str, Any], said: Mapping[str, str]) -> TableView:
    by = mark["by"]
    return TableView(
        name=name,
        rows=grouped(mark["rows"]),
        sum=mark["sum"] or "",
        by=BY.get(by, by),
        said=said.get(name, ""),
    )


def _others(marks: Mapping[str, Any]) -> list[str]:
    """What there is besides tables, such as ``48 sequences``; what there is none of is left out."""
    objects: Mapping[str, Mapping[str, str]] = marks.get("objects") or {}
    count = {kind: len(found) for kind, found in objects.items()}
    count["sequence"] = len(marks.get("sequences") or {})
    count["large object"] = (marks.get("large_objects") or {}).get("rows") or 0
    count["grants"] = sum(number for kind, number in count.items() if kind.endswith(" grants"))

    def words(kind: str) -> str:
        return _words(kind, count[kind]) % {"count": grouped(count[kind])}

    return [words(kind) for kind in _ORDER if count.get(kind)]


_ORDER = (
    *("schema", "sequence", "view", "index", "constraint", "function", "trigger", "rule"),
    *("policy", "type", "event trigger", "statistics", "comment", "large object", "grants"),
)


def _words(kind: str, n: int) -> str:
    return {
        "schema": ngettext("%(count)s schema", "%(count)s schemas", n),
        "sequence": ngettext("%(count)s sequence", "%(count)s sequences", n),
        "view": ngettext("%(count)s view", "%(count)s views", n),
        "index": ngettext("%(count)s index", "%(count)s indexes", n),
        "constraint": ngettext("%(count)s constraint", "%(count)s constraints", n),
        "function": ngettext("%(count)s function", "%(count)s functions", n),
        "trigger": ngettext("%(count)s trigger", "%(count)s triggers", n),
        "rule": ngettext("%(count)s rule", "%(count)s rules", n),
        "policy": ngettext("%(count)s policy", "%(count)s policies", n),
        "type": ngettext("%(count)s type", "%(count)s types", n),
        "event trigger": ngettext("%(count)s event trigger", "%(count)s event triggers", n),
        "statistics": ngettext("%(count)s statistics object", "%(count)s statistics objects", n),
        "comment": ngettext("%(count)s comment", "%(count)s comments", n),
        "large object": ngettext("%(count)s large object", "%(count)s large objects", n),
        "grants": ngettext("%(count)s list of grants", "%(count)s lists of grants", n),
    }[kind]
