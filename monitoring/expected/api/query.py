"""Reading the query string of the lists: each value is checked, a wrong one said by its name."""

from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from monitoring.expected.errors import BadField
from monitoring.expected.selectors import MOST, EntryFilters
from monitoring.files.api.query import LARGEST_ID

LIMIT = 50
LARGEST_OFFSET = 10_000_000


def whole(query: QueryDict, name: str, *, least: int, most: int) -> int | None:
    text = query.get(name)
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
        words = _("%(option)s is a number from %(least)d to %(most)d.")
        raise BadField(name, words % {"option": name, "least": least, "most": most})
    return int(text)


def limit_of(query: QueryDict) -> int:
    return whole(query, "limit", least=1, most=MOST) or LIMIT


def text_of(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\0", "")[:300]


def entry_filters(query: QueryDict) -> EntryFilters:
    return EntryFilters(
        status=query.getlist("status"),
        after=moment_of(query, "from", ends=False),
        until=moment_of(query, "to", ends=True),
        job=whole(query, "job", least=1, most=LARGEST_ID),
        company_name=text_of(query, "company_name"),
        city=text_of(query, "city"),
        agent=text_of(query, "agent"),
    )


def moment_of(query: QueryDict, name: str, *, ends: bool) -> datetime | None:
    """A moment, or a day of UTC with all of its hours."""
    text = query.get(name)
    if not text:
        return None
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            found = datetime.combine(day, time(), tzinfo=UTC)
            return found + timedelta(days=1, microseconds=-1) if ends else found
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        words = _("%(option)s is a day or a moment, as in 2026-11-21 or 2026-11-21T03:00:00Z.")
        raise BadField(name, words % {"option": name}) from None


def link(request: Request, **changes: object) -> str:
    """The address of another page of the same list."""
    kept = [(k, v) for k, all_ in request.query_params.lists() for v in all_ if k not in changes]
    return request.build_absolute_uri(f"{request.path}?{urlencode([*kept, *changes.items()])}")
