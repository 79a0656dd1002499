"""The audit as JSON lines: a first line that says from where, the entries, a last with the head.

An export can be checked without the database: each line has what its digest covers.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from access.chain import FACTS, FORMAT, START, Head, facts_of
from access.models import AuditEntry
from access.verification import Fault, check_chain


class ExportUnreadable(Exception):
    """The file is no whole export of an audit."""

    code = "export_unreadable"


def export_audit(*, begin: datetime | None = None, end: datetime | None = None) -> Iterator[str]:
    """Lines of the sealed entries between two moments, with all that stand between them."""
    sealed = AuditEntry.objects.exclude(position=None)
    wanted = sealed.filter(at__gte=begin) if begin else sealed
    wanted = wanted.filter(at__lt=end) if end else wanted
    first = wanted.order_by("position").values_list("position", flat=True).first()
    last = wanted.order_by("-position").values_list("position", flat=True).first()
    before = _head_at((first or 1) - 1)
    yield _line({"format": FORMAT, "after": str(before)})
    reached = before
    rows = sealed.filter(position__range=(first or 0, last or 0)).order_by("position")
    for row in rows.values(*FACTS, "digest").iterator(chunk_size=2000):
        reached = Head(row["position"], row["digest"])
        yield _line({**facts_of(row), "digest": row["digest"]})
    yield _line({"head": str(reached)})


def check_export(lines: Iterable[str]) -> tuple[Head, Fault | None]:
    """Follow the chain of an export: its head, and the first fault. Raises ExportUnreadable."""
    read = [_read(line) for line in lines if line.strip()]
    start = Head.parse(str(read[0].get("after", ""))) if read else None
    end = Head.parse(str(read[-1].get("head", ""))) if read else None
    if start is None or end is None or read[0].get("format") != FORMAT:
        raise ExportUnreadable(_("This is no whole export of an audit."))
    try:
        reached, fault = check_chain(read[1:-1], start=start)
    except (KeyError, TypeError) as error:
        raise ExportUnreadable(_("A line of the export lacks what it must say.")) from error
    if fault is None and reached != end:
        fault = Fault("removed", reached.position + 1, _("The end of the export was cut off."))
    return end, fault


def _head_at(position: int) -> Head:
    found = AuditEntry.objects.filter(position=position).values_list("digest", flat=True).first()
    return Head(position, found) if found else START


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def _read(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        raise ExportUnreadable(_("A line of the export is no JSON.")) from error
    if not isinstance(found, dict):
        raise ExportUnreadable(_("A line of the export is no object."))
    return found
