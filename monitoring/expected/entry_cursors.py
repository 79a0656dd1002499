"""Places in the list of entries, newest due time first, as the text of a cursor.

A place is the due time, in microseconds since 1970, and the id: thousands are due at one moment.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, F, Func, Value
from django.db.models.lookups import GreaterThan, LessThan
from django.utils.translation import gettext as _

from monitoring.expected.errors import BadField
from monitoring.expected.models import BackupEntry

# Before the place in a cursor: what is newer than it.
NEWER = "newer-"
_CURSOR = re.compile(rf"({NEWER})?(-?[0-9]{{1,18}})\.([0-9]{{1,18}})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Place = tuple[int, int]


def older_than(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


def newer_than(place: Place) -> str:
    return f"{NEWER}{older_than(place)}"


def place_of(entry: BackupEntry) -> Place:
    return (entry.expected_at - _EPOCH) // timedelta(microseconds=1), entry.pk


def read_cursor(cursor: str) -> tuple[bool, Any]:
    """Whether it is of what is newer, and the condition that the entries are behind it.

    Raises BadField.
    """
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is None:
            raise ValueError
        due = _EPOCH + timedelta(microseconds=int(found[2]))
    except (ValueError, OverflowError):
        said = _("This cursor cannot be read; start from the first page.")
        raise BadField("cursor", said) from None
    newer = found[1] is not None
    # Compared as a whole: with "or" between the two, an index leads to the moment only.
    one, other = _row(F("expected_at"), F("id")), _row(Value(due), Value(int(found[3])))
    return newer, GreaterThan(one, other) if newer else LessThan(one, other)


def _row(due: Any, number: Any) -> Func:
    return Func(due, number, function="ROW", output_field=DateTimeField())
