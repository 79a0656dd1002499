"""In which companies somebody has which role, read once for each request.

A page asks dozens of times what its person may do; without this, each time is a query. Outside
of a request nothing is remembered: a task or a socket lives long enough for roles to change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.models import User

# By the user's key: the role in each company, by the company's key.
_known: ContextVar[dict[int, dict[int, str]] | None] = ContextVar("memberships", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """While this lasts, the roles of each person are asked for once."""
    mark = _known.set({})
    try:
        yield
    finally:
        _known.reset(mark)


def forget() -> None:
    """Somebody's roles have changed: what was remembered counts no more."""
    known = _known.get()
    if known is not None:
        known.clear()


def remember(user: "User", roles: dict[int, str]) -> None:
    """They were just read with the person."""
    known = _known.get()
    if known is not None:
        known[user.pk] = roles


def roles_by_company(user: "User") -> dict[int, str]:
    known = _known.get()
    if known is not None and user.pk in known:
        return known[user.pk]
    roles = dict(user.memberships.values_list("company_id", "role"))
    remember(user, roles)
    return roles
