"""Cron expressions: five fields (POSIX, crontab), checked when they are written.

Names of months and days are taken, and so are steps; `@daily` and seconds are not.
"""

import re
from functools import lru_cache

from django.utils.translation import gettext as _

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("weekday", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_PART = re.compile(r"(\*|[a-z0-9]{1,3}(?:-[a-z0-9]{1,3})?)(?:/(\d{1,2}))?", re.ASCII)
# The longest each month gets: on 30 February nothing ever runs.
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class BadCron(ValueError):
    """The expression cannot be read, or never means anything; the message says what is wrong."""


def check_cron(text: str) -> str:
    """The expression with single blanks. Raises BadCron when it never means anything."""
    words = text.lower().split(" ")
    words = [word for word in words if word]
    if len(words) != len(_FIELDS):
        raise BadCron(_("cron has five fields: minute hour day month weekday."))
    found = [_values(word, *field) for word, field in zip(words, _FIELDS, strict=True)]
    days, months = found[2], found[3]
    any_weekday = words[4] == "*"
    if any_weekday and all(min(days) > _LENGTHS[month - 1] for month in months):
        raise BadCron(_("This day is in none of these months."))
    return " ".join(words)


# A time is looked for by beginning again thousands of times, when most are outside a window.
@lru_cache(maxsize=256)
def written_out(cron: str) -> str:
    """The same expression, checked before, with its minutes and steps of hours as plain numbers.

    cronsim follows Debian's cron, where a minute or hour beginning with `*` knows no change of
    clocks: `*/5 2` is lost in spring and runs through autumn's hour twice. As numbers it does not.
    """
    words = cron.split(" ")
    if words[1] != "*":
        for place in (0, 1):
            values = _values(words[place], *_FIELDS[place])
            words[place] = ",".join(str(value) for value in sorted(values))
    return " ".join(words)


def _values(word: str, field: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for part in word.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise _bad(field)
        span, step = match[1], int(match[2] or 1)
        first, last = (low, high) if span == "*" else _span(span, field, names)
        if match[2] and "-" not in span and span != "*":
            last = high
        if step < 1 or not low <= first <= last <= high:
            raise _bad(field)
        found.update(range(first, last + 1, step))
    return found


def _span(span: str, field: str, names: dict[str, int]) -> tuple[int, int]:
    ends = [names.get(end, int(end) if end.isdigit() else -1) for end in span.split("-")]
    if -1 in ends:
        raise _bad(field)
    return ends[0], ends[-1]


def _bad(field: str) -> BadCron:
    return BadCron(_("The field %s of cron cannot be read.") % field)
