"""Sizes, rates, durations and ages in words a person reads at a glance."""

from datetime import timedelta

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
NOTHING = "\N{EN DASH}"
MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def size(count: float | None) -> str:
    """Bytes in decimal units with three significant digits: ``2.31 GB``; a dash for None."""
    if count is None:
        return NOTHING
    number = float(count)
    unit = 0
    # 999.6 would be printed as 1000: it belongs to the next unit.
    while number >= 999.5 and unit < len(_SIZES) - 1:
        number /= 1000
        unit += 1
    return f"{_three_digits(number, whole=unit == 0)} {_SIZES[unit]}"


def grouped(count: int) -> str:
    """A number as people write it: ``1,204``."""
    return formats.number_format(count, use_l10n=True, force_grouping=True)


def rate(bytes_a_second: float | None) -> str:
    return f"{size(bytes_a_second)}/s" if bytes_a_second else ""


def duration(span: timedelta | float | None) -> str:
    """The two largest units that matter: ``1 min 14 s``, ``3 d 4 h``, ``58 s``."""
    if span is None:
        return NOTHING
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if 0 < seconds < 0.05:
        return _("under 0.1 s")
    if seconds < 10:
        return _("%(count)s s") % {"count": f"{max(seconds, 0):.1f}".removesuffix(".0")}
    whole = round(seconds)
    for unit, below, first, second in (
        (DAY, HOUR, _("%(count)s d"), _("%(count)s h")),
        (HOUR, MINUTE, _("%(count)s h"), _("%(count)s min")),
        (MINUTE, 1, _("%(count)s min"), _("%(count)s s")),
    ):
        if whole >= unit:
            rest = whole % unit // below
            parts = [first % {"count": whole // unit}]
            if rest:
                parts.append(second % {"count": rest})
            return " ".join(parts)
    return _("%(count)s s") % {"count": whole}


def age(span: timedelta | None) -> str:
    """How long ago, in one unit: ``2 h ago``; ``just now`` below five seconds."""
    if span is None:
        return _("never")
    seconds = int(span.total_seconds())
    if seconds < 5:
        return _("just now")
    if seconds < MINUTE:
        return _("%(count)s s ago") % {"count": seconds}
    if seconds < HOUR:
        return _("%(count)s min ago") % {"count": seconds // MINUTE}
    if seconds < 2 * DAY:
        return _("%(count)s h ago") % {"count": seconds // HOUR}
    days = seconds // DAY
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": days}


def _three_digits(number: float, *, whole: bool) -> str:
    if whole or number >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
