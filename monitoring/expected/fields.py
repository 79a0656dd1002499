"""The fields of a job as people give them: each of its own kind, named when it cannot be used.

One table for the API, the files that are imported, and the command line. Nothing is converted:
`transfer` makes numbers of a spreadsheet's texts before it comes here.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from monitoring.expected.errors import BadField
from monitoring.expected.models import LARGEST, ExpectedBackupJob
from monitoring.expected.states import Frequency
from storage.errors import BadKey
from storage.path_templates import LONGEST, check_template

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_RECIPIENTS = 50
_AGENT = re.compile(r"[A-Za-z0-9_-]{1,100}")


def text(longest: int, *, needed: bool = False) -> Callable[[str, Any], Any]:
    def parse(name: str, value: Any) -> Any:
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or "\0" in value or len(value) > longest:
            said = _("%(option)s is a text of at most %(most)d characters.")
            raise BadField(name, said % {"option": name, "most": longest})
        if needed and not value.strip():
            raise BadField(name, _("%(option)s is needed.") % {"option": name})
        if any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
            raise BadField(name, _("%(option)s holds half a character.") % {"option": name})
        return value.strip()

    return parse


def number(least: int, most: int, *, optional: bool = False) -> Callable[[str, Any], Any]:
    def parse(name: str, value: Any) -> Any:
        if value is None and optional:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            words = _("%(option)s is a number from %(least)d to %(most)d.")
            raise BadField(name, words % {"option": name, "least": least, "most": most})
        return value

    return parse


def flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadField(name, _("%(option)s is true or false.") % {"option": name})
    return value


def frequency(name: str, value: Any) -> str:
    if value not in Frequency.values:
        words = _("%(option)s is one of %(known)s.")
        raise BadField(name, words % {"option": name, "known": ", ".join(Frequency.values)})
    return str(value)


def agent(name: str, value: Any) -> str:
    """As agents are named; one of this name may be registered later."""
    if not isinstance(value, str) or not _AGENT.fullmatch(value):
        raise BadField(name, _("An agent's id is made of letters, digits, - and _."))
    return value


def weekdays(name: str, value: Any) -> list[int]:
    """Numbers from 0 for Monday, or the beginnings of their English names."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadField(name, _("Days are a list: 0 or mon is Monday, 6 or sun Sunday."))
    found = []
    for day in value:
        if isinstance(day, str) and day.lower()[:3] in DAYS:
            found.append(DAYS.index(day.lower()[:3]))
        elif isinstance(day, int) and not isinstance(day, bool) and 0 <= day <= 6:
            found.append(day)
        else:
            raise BadField(name, _("Days are a list: 0 or mon is Monday, 6 or sun Sunday."))
    return sorted(set(found))


def time_of_day(name: str, value: Any) -> time | None:
    if value is None or value == "":
        return None
    try:
        found = time.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo or found.second or found.microsecond:
        raise BadField(name, _("A time has hours and minutes, as in 02:30."))
    return found


def moment(name: str, value: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        found = datetime.fromisoformat(value)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC)
        return found.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        words = _("%(option)s is a moment, as in 2026-11-21T03:00:00Z.")
        raise BadField(name, words % {"option": name}) from None


def recipients(name: str, value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_RECIPIENTS:
        words = _("Recipients are a list of at most %(most)d mail addresses.")
        raise BadField(name, words % {"most": MOST_RECIPIENTS})
    for one in value:
        try:
            validate_email(one)
        except (ValidationError, TypeError):
            shown = str(one)[:60].encode(errors="replace").decode()
            raise BadField(name, _("%(value)s is no mail address.") % {"value": shown}) from None
    return list(value)


def template(name: str, value: Any) -> str:
    found: str = text(LONGEST)(name, value)
    try:
        return check_template(found) if found else ""
    except BadKey as error:
        raise BadField(name, str(error)) from error


_MAYBE = number(1, LARGEST, optional=True)
FIELDS: dict[str, Callable[[str, Any], Any]] = {
    "city": text(100, needed=True),
    "database_name": text(255, needed=True),
    "agent_id_responsible": agent,
    "backup_frequency": frequency,
    "expected_hour_utc": number(0, 23, optional=True),
    "expected_minute_utc": number(0, 59, optional=True),
    "local_time": time_of_day,
    "timezone": lambda name, value: text(64)(name, value) or "UTC",
    "days_of_week": weekdays,
    "day_of_month": number(1, 31, optional=True),
    "cron": text(200),
    "final_storage_path_template": template,
    "grace_minutes": number(0, 366 * 24 * 60),
    "early_minutes": number(0, 366 * 24 * 60),
    "first_report_by": moment,
    "end_within_minutes": _MAYBE,
    "min_run_seconds": _MAYBE,
    "max_run_seconds": _MAYBE,
    "min_size_bytes": number(0, 2**63 - 1, optional=True),
    "max_size_change_percent": _MAYBE,
    "size_history": number(1, 90),
    "max_age_hours": _MAYBE,
    "require_content_check": flag,
    "notification_recipients": recipients,
    "is_active": flag,
}
READ_ONLY = frozenset(
    {
        *("id", "current_status", "last_checked_at", "last_success_at", "next_expected_at"),
        *("is_too_old", "acknowledged_at", "acknowledged_by", "snoozed_until", "created_at"),
        "ping_url",
    }
)
NEEDED = ("company_name", "city", "database_name", "agent_id_responsible", "backup_frequency")
# From the moment one of these changes the times are counted anew: nothing is made up for.
TIMES = frozenset(
    {
        *("backup_frequency", "expected_hour_utc", "expected_minute_utc", "local_time"),
        *("timezone", "days_of_week", "day_of_month", "cron", "grace_minutes", "early_minutes"),
        *("first_report_by", "is_active"),
    }
)
parse_company = text(200, needed=True)


def assign(job: ExpectedBackupJob, values: Mapping[str, Any]) -> None:
    """Put the checked values into the row; `company_name` is the service's. Raises BadField."""
    for name, value in values.items():
        parse = FIELDS.get(name)
        if parse is None:
            shown = name[:60].encode(errors="replace").decode()
            said = _("There is no field named %(name)s.")
            if name in READ_ONLY:
                said = _("%(name)s can only be read.")
            raise BadField(shown, said % {"name": shown})
        setattr(job, name, parse(name, value))


def with_defaults(values: Mapping[str, Any]) -> dict[str, Any]:
    """All fields, those that were not given as in a new job: a PUT replaces the whole."""
    new = ExpectedBackupJob()
    missing = {name: getattr(new, name) for name in FIELDS if name not in values}
    for name in ("city", "database_name", "agent_id_responsible", "backup_frequency"):
        missing.pop(name, None)
    return {**missing, **values}


def check_needed(values: Mapping[str, Any]) -> None:
    """Raises BadField for the first needed field that is not there."""
    for error in _missing(values):
        raise error


def mistakes_of(values: Mapping[str, Any]) -> list[BadField]:
    """What is wrong with each field by itself; how they go together is not looked at."""
    found = _missing(values)
    for name, value in values.items():
        try:
            if name == "company_name":
                parse_company(name, value)
            else:
                assign(ExpectedBackupJob(), {name: value})
        except BadField as error:
            found.append(error)
    return found


def _missing(values: Mapping[str, Any]) -> list[BadField]:
    said = _("%(option)s is needed.")
    return [BadField(name, said % {"option": name}) for name in NEEDED if name not in values]
