"""Tags and filters of the templates: `{% badge %}`, `{% icon %}`, `{% ago %}`, sizes."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from look import badges, icons, sizes, units

register = template.Library()

register.filter("size", units.size)
register.filter("rate", units.rate)
register.filter("grouped", units.grouped)
register.filter("duration", units.duration)
register.filter("understood", sizes.understood)


@register.simple_tag
def badge(state: str) -> SafeString:
    return badges.badge(state)


@register.simple_tag
def icon(name: str) -> SafeString:
    return icons.icon(name)


@register.simple_tag
def ago(moment: datetime | None, never: str = units.NOTHING) -> SafeString | str:
    """A moment as its age, with the exact one on hover and for programs."""
    if moment is None:
        return never
    exact = formats.date_format(timezone.localtime(moment), "j F Y, H:i:s")
    zone = timezone.localtime(moment).tzname() or ""
    span: timedelta = timezone.now() - moment
    return format_html(
        '<time datetime="{}" title="{} {}">{}</time>',
        moment.isoformat(timespec="seconds"),
        exact,
        zone,
        units.age(span),
    )


@register.simple_tag
def with_query(query: QueryDict, **changes: Any) -> str:
    """The page's own query string with some parameters set, or taken out when empty."""
    pairs = [(key, value) for key, values in query.lists() for value in values]
    kept = [(key, value) for key, value in pairs if key not in changes and value]
    kept += [(key, value) for key, value in changes.items() if value]
    return "?" + urlencode(kept)
