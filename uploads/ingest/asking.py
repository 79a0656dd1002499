"""A request of the data plane: its headers, and who sends it, by token or by a page of ours."""

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated, Throttled

from access.models import User
from access.throttling import PerAddress
from monitoring.live.access import identify
from monitoring.live.errors import LiveError

SAFE = ("GET", "HEAD", "OPTIONS")


class Asked:
    """`method` and `path` as they came; a header that stands twice counts with its first."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.scheme: str = scope.get("scheme", "http")
        self.query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        self.address: str | None = (scope.get("client") or [None])[0]
        self._headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def header(self, name: str) -> str:
        return self._headers.get(name, "")

    def asked(self, name: str) -> str:
        """A value of the query."""
        found: list[str] = self.query.get(name, [""])
        return found[0]

    @property
    def content_type(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def length(self) -> int | None:
        """The announced length of the body, in bytes."""
        return number(self.header("content-length"))

    @property
    def META(self) -> dict[str, str]:
        return {"REMOTE_ADDR": self.address or ""}


def sender_of(asked: Asked) -> User:
    """Raises NotAuthenticated, or Throttled where there were too many tokens that are none."""
    try:
        user, _credential = identify(
            authorization=asked.header("authorization"),
            session=_session_of(asked.header("cookie")),
            origin=asked.header("origin") or None,
            host=asked.header("host"),
            must_have_origin=asked.method not in SAFE,
        )
    except LiveError:
        throttle = PerAddress()
        if asked.header("authorization") and not throttle.allows(asked):  # type: ignore[arg-type]  # it reads META alone
            raise Throttled(wait=throttle.wait()) from None
        raise NotAuthenticated from None
    return user


def number(text: str) -> int | None:
    """A count of bytes; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _session_of(cookie: str) -> str:
    try:
        found = SimpleCookie(cookie).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return found.value if found else ""
