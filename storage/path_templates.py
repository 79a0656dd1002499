"""Path templates: where a file that arrived comes to lie, written by people, filled in by us.

Checked when they are written: an unknown placeholder, or a path that would leave the storage,
is refused then. Values are made plain when they are filled in, so no value leaves it either.
"""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from storage.errors import BadKey
from storage.keys import LONGEST_PART, check_key, slug

PLACEHOLDERS = (
    *("company_name", "city", "database_name", "agent_id"),
    *("year", "month", "day", "hour", "minute", "timestamp", "status", "ext"),
)
LONGEST = 500
_FIELD = re.compile(r"\{([^{}]*)\}")
_EXT = re.compile(r"[A-Za-z0-9]+(\.[A-Za-z0-9]+)*")


class BadTemplate(BadKey):
    code = "bad_template"


def check_template(template: str) -> str:
    """The template, when each path that it can make is one of the storage. Raises BadTemplate."""
    unknown = [name for name in _FIELD.findall(template) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        said = _("{%(name)s} is no placeholder. There are: %(known)s.")
        raise BadTemplate(said % {"name": unknown[0][:40], "known": known})
    try:
        check_key(_FIELD.sub("x", template))
    except BadKey:
        said = _("A path is made of letters, digits, dot, dash and underscore, parted by slashes.")
        raise BadTemplate(said) from None
    return template


def fill_template(template: str, values: Mapping[str, str]) -> str:
    """The storage key. Values become plain names; `ext` keeps its dots. Raises BadKey."""

    def plain(found: re.Match[str]) -> str:
        name, value = found[1], values[found[1]]
        if name == "ext":
            return value if _EXT.fullmatch(value) else "bin"
        return slug(value) if not value.isdigit() else value

    key = _FIELD.sub(plain, check_template(template))
    return check_key("/".join(part[:LONGEST_PART] for part in key.split("/")))
