"""What differs between the fingerprints of a source and of its restored copy. Pure."""

from typing import Any

from django.utils.translation import gettext as _

from backups.engines import Difference


def compare(source: dict[str, Any], copy: dict[str, Any]) -> list[Difference]:
    """Every difference, in the order of the source's parts; none when the copy is proven.

    Definitions are compared when both servers are of one major version; else only what is there.
    """
    found = _tables(source["tables"], copy["tables"], has_all="objects" in source)
    for part, differ in (
        ("sequences", _sequences),
        ("large_objects", _large_objects),
        ("extensions", _extensions),
    ):
        # A dump of a part promises no more than its tables.
        if part in source:
            found += differ(source[part], copy[part])
    if "objects" in source:
        found += _objects(source, copy)
        found += _database(source["database"], copy["database"])
    return found


def _tables(source: dict[str, Any], copy: dict[str, Any], *, has_all: bool) -> list[Difference]:
    found = []
    for name, mark in source.items():
        there = copy.get(name)
        said = None
        if there is None:
            said = _("missing")
        elif there["rows"] != mark["rows"]:
            counts = {"copy": there["rows"], "source": mark["rows"]}
            said = _("%(copy)d rows instead of %(source)d") % counts
        elif there["by"] != mark["by"]:
            said = _("its rows could not be compared")
        elif there["sum"] != mark["sum"]:
            said = _("the same number of rows, with other values")
        if said:
            found.append(Difference("table", name, said))
    too_many = sorted(copy.keys() - source.keys()) if has_all else []
    return found + [Difference("table", name, _("not in the source")) for name in too_many]


def _sequences(source: dict[str, Any], copy: dict[str, Any]) -> list[Difference]:
    found = []
    for name, mark in source.items():
        there = copy.get(name)
        if there is None:
            found.append(Difference("sequence", name, _("missing")))
            continue
        way = 1 if mark["increment"] > 0 else -1
        if _is_behind(there["last"], mark["last"], way):
            values = {"copy": there["last"], "source": mark["last"]}
            said = _("stands at %(copy)s, the source stood at %(source)s") % values
            found.append(Difference("sequence", name, said))
        # A source whose own sequence lags behind its column is none of the copy's faults.
        elif _is_behind(there["last"], there["used"], way) and not _is_behind(
            mark["last"], mark["used"], way
        ):
            values = {"copy": there["last"], "used": there["used"]}
            said = _("stands at %(copy)s, and %(used)s is in use") % values
            found.append(Difference("sequence", name, said))
    return found


def _is_behind(value: int | None, other: int | None, way: int) -> bool:
    return other is not None and (value is None or (value - other) * way < 0)


def _large_objects(source: dict[str, Any], copy: dict[str, Any]) -> list[Difference]:
    if copy == source:
        return []
    counts = {"copy": copy["rows"], "source": source["rows"]}
    said = _("%(copy)d of %(source)d, or with other bytes") % counts
    return [Difference("large objects", "", said)]


def _extensions(source: dict[str, str], copy: dict[str, str]) -> list[Difference]:
    return [Difference("extension", name, _("missing")) for name in source if name not in copy]


def _objects(source: dict[str, Any], copy: dict[str, Any]) -> list[Difference]:
    by_definition = source["major"] == copy["major"]
    found = []
    for kind, objects in source["objects"].items():
        there = copy["objects"].get(kind, {})
        for name, digest in objects.items():
            if name not in there:
                found.append(Difference(kind, name, _("missing")))
            elif by_definition and there[name] != digest:
                found.append(Difference(kind, name, _("defined otherwise")))
        too_many = sorted(there.keys() - objects.keys())
        found += [Difference(kind, name, _("not in the source")) for name in too_many]
    return found


def _database(source: dict[str, Any], copy: dict[str, Any]) -> list[Difference]:
    """What a database is created with; owner, grants and settings are set when it is restored."""
    return [
        Difference("database", name, f"{copy[name]} ≠ {source[name]}")
        for name in ("encoding",)
        if copy[name] != source[name]
    ]
