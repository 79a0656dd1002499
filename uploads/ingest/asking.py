"""A request of the data plane: its headers, and who sends it, by token or by a page of ours."""

from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from rest_framework.exceptions import NotAuthenticated, Throttled

from access.models import User
from access.throttling import count_request, is_spent, seconds_left
from monitoring.live.access import identify
from monitoring.live.errors import LiveError

SAFE = ("GET", "HEAD", "OPTIONS")
OVERRIDES = ("HEAD", "PATCH", "DELETE")


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

    def take_override(self) -> None:
        """tus 1.0.0: X-HTTP-Method-Override stands for methods that a proxy does not let by."""
        wanted = self.header("x-http-method-override").upper()
        if self.method == "POST" and wanted in OVERRIDES:
            self.method = wanted

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


def sender_of(asked: Asked, *, opens: bool) -> User:
    """Raises NotAuthenticated or Throttled.

    Counted are tokens that are none, and requests that open an upload (`opens`). Those that send
    its bytes are not: what they may cost is limited by how much may be open, and sent in a day.
    """
    address = asked.address or ""
    by_token = bool(asked.header("authorization"))
    if by_token and is_spent(address=address):
        # Before the token is looked at: who guesses must not learn here which one is right.
        raise Throttled(wait=seconds_left())
    try:
        user, credential = identify(
            authorization=asked.header("authorization"),
            session=_session_of(asked.header("cookie")),
            origin=asked.header("origin") or None,
            host=asked.header("host"),
            must_have_origin=asked.method not in SAFE,
        )
    except LiveError:
        if by_token and not count_request(address=address):
            raise Throttled(wait=seconds_left()) from None
        raise NotAuthenticated from None
    if opens and not count_request(address=address, user=user.pk, token=credential.token_id):
        raise Throttled(wait=seconds_left())
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
