"""Reading the whole chain again: what was changed, removed, moved or put in, by the first row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from access import headfile
from access.chain import FACTS, START, Head, digest_after, facts_of
from access.models import AuditEntry
from access.sealing import fits


@dataclass(frozen=True)
class Fault:
    """The first entry that is not what was sealed. `kind`: changed, removed, inserted, head."""

    kind: str
    position: int
    sentence: str


@dataclass(frozen=True)
class Verdict:
    head: Head
    fault: Fault | None
    # Written, and not yet sealed: no word on them.
    unsealed: int


def verify_audit(*, known: Iterable[Head] = ()) -> Verdict:
    """Check every sealed entry, the head in the data folder, and heads that were exported."""
    rows = AuditEntry.objects.exclude(position=None).order_by("position")
    end, fault = check_chain(rows.values(*FACTS, "digest").iterator(chunk_size=2000))
    heads = [*known, *filter(None, [headfile.read()])]
    if fault is None:
        fault = next((_lost(one, end) for one in heads if not fits(one)), None)
    unsealed = AuditEntry.objects.filter(position=None).count()
    return Verdict(head=end, fault=fault, unsealed=unsealed)


def check_chain(
    rows: Iterable[Mapping[str, Any]], *, start: Head = START
) -> tuple[Head, Fault | None]:
    """Follow the chain from `start`: its end, or the last good place and the first fault."""
    end = start
    for row in rows:
        expected = end.position + 1
        if row["position"] > expected:
            return end, _removed(expected, row)
        if row["position"] < expected:
            return end, Fault("inserted", row["position"], _inserted(row))
        digest = digest_after(end.digest, facts_of(row))
        if digest != row["digest"]:
            return end, Fault("changed", expected, _changed(row))
        end = Head(expected, digest)
    return end, None


def _removed(expected: int, row: Mapping[str, Any]) -> Fault:
    sentence = _("Entry %(position)d was removed: the next one is %(next)s.") % {
        "position": expected,
        "next": _name(row),
    }
    return Fault("removed", expected, sentence)


def _changed(row: Mapping[str, Any]) -> str:
    return _("%s is not what was sealed there: it was changed, moved or put in.") % _name(row)


def _inserted(row: Mapping[str, Any]) -> str:
    return _("%s has a place that another entry has already.") % _name(row)


def _lost(known: Head, end: Head) -> Fault:
    if known.position > end.position:
        first = end.position + 1
        sentence = _("Entries %(first)d to %(last)d were removed from the end.") % {
            "first": first,
            "last": known.position,
        }
        return Fault("removed", first, sentence)
    sentence = _("Entry %d is not the one that was exported: the chain was made anew.")
    return Fault("head", known.position, sentence % known.position)


def _name(row: Mapping[str, Any]) -> str:
    return _("Entry %(position)d (id %(id)s, %(at)s, %(who)s: %(action)s %(what)s)") % {
        "position": row["position"],
        "id": row["id"],
        "at": facts_of(row)["at"],
        "who": row["actor_name"],
        "action": row["action"],
        "what": row["object_name"],
    }
