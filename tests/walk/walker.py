"""One request of one person, told as an outcome, and taken back."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.test import Client

from access.models import User
from tests.cast import logged_in

IN, FORBIDDEN, MISSING, LOGIN, METHOD, FAULT = "i", "f", "m", "l", "x", "!"
NAMES = {
    IN: "let in", FORBIDDEN: "403", MISSING: "404", LOGIN: "sent to the login",
    METHOD: "405", FAULT: "a fault",
}  # fmt: skip


class Walker:
    """A browser of one person; nobody's when `user` is None."""

    def __init__(self, user: User | None) -> None:
        self.client = Client() if user is None else logged_in(user)
        self.client.raise_request_exception = False
        self.cookies = dict(self.client.cookies)
        # What the last answer said that its address takes; empty when it did not say.
        self.allowed: frozenset[str] = frozenset()

    def go(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """The outcome as one letter, and what was said. Nothing that was done stays."""
        self.client.cookies.clear()
        self.client.cookies.update(self.cookies)
        with transaction.atomic():
            answer = self._ask(method, path, body or {})
            transaction.set_rollback(True)
        self.allowed = frozenset(answer.headers.get("Allow", "").split(", ")) - {""}
        return outcome(answer), said(answer)

    def _ask(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        if method == "GET":
            return self.client.get(path)
        if path.startswith("/api/"):
            call = getattr(self.client, method.lower())
            return call(path, body, content_type="application/json")
        return (
            self.client.post(path, body) if method == "POST" else self.client.generic(method, path)
        )


def outcome(answer: Any) -> str:
    status, location = answer.status_code, answer.headers.get("Location", "")
    if status == 401 or (status == 302 and location.startswith(("/login", "/admin/login"))):
        return LOGIN
    if status == 302 and location == "/admin/":
        return MISSING  # What Django's admin answers for a row that is not there.
    # 503: the server itself lacks something; the person was let in.
    if status >= 500 and status != 503:
        return FAULT
    return {403: FORBIDDEN, 404: MISSING, 405: METHOD}.get(status, IN)


def said(answer: Any) -> str:
    if answer.streaming:
        return ""
    return str(answer.content.decode(errors="replace"))
