"""What is kept: the numbers, and what makes them a policy. Nothing is removed here."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from backups.errors import BadOption

RETENTION = ("last", "days", "hourly", "daily", "weekly", "monthly", "yearly")
MOST = 100_000


def parse_retention(given: Mapping[str, Any] | None) -> dict[str, int | None]:
    """Numbers by name, None where there is none. No policy at all removes nothing; one that
    keeps nothing would remove all, and is refused. Raises BadOption."""
    found: dict[str, int | None] = dict.fromkeys(RETENTION)
    for name, value in (given or {}).items():
        if name not in RETENTION:
            raise BadOption("retention", _("retention has: %s.") % ", ".join(RETENTION))
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
            raise BadOption("retention", _("Retention numbers go from 0 to %d.") % MOST)
        found[name] = value or None
    if given is not None and not any(found.values()):
        raise BadOption("retention", _("This would keep nothing. Leave it out to keep all."))
    return found


def described_retention(numbers: Mapping[str, int | None]) -> dict[str, int | None] | None:
    """As it is shown: each name, or nothing at all when nothing is to be removed."""
    found = {name: numbers.get(name) or None for name in RETENTION}
    return found if any(found.values()) else None
