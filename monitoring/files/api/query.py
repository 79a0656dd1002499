"""Reading the query string: each value is checked, and a wrong one is said by its name."""

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from monitoring.files.stages import Kind

# Ids are PostgreSQL's bigint: nothing longer names a row.
LARGEST_ID = 2**63 - 1


class BadParameter(ParseError):
    """A parameter of the query cannot be used; `option` names it in the answer."""

    default_code = "bad_option"

    def __init__(self, option: str, message: str | Promise) -> None:
        super().__init__(str(message))
        self.option = option


def whole_number(query: QueryDict, name: str, *, most: int) -> int | None:
    """A number from 1 to `most`, None when it is not given. Raises BadParameter."""
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        said = _("%(name)s must be a number from 1 to %(most)d.")
        raise BadParameter(name, said % {"name": name, "most": most})
    return int(text)


def kinds(query: QueryDict) -> list[str]:
    """Every `kind` that is asked for. Raises BadParameter."""
    given = query.getlist("kind")
    unknown = [value for value in given if value not in Kind.values]
    if unknown:
        said = _("%(value)s is not one of %(known)s.")
        known = ", ".join(Kind.values)
        raise BadParameter("kind", said % {"value": unknown[0][:40], "known": known})
    return given
