"""What the data plane says: problem+json as the rest of the API, and short JSON."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException

from backups.errors import BackupError

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = Mapping[str, str]
PROBLEM = "application/problem+json"


async def answer(
    send: Send,
    status: int,
    body: Any = None,
    *,
    headers: Headers | None = None,
    content_type: str = "application/json",
    close: bool = False,
) -> None:
    said = b"" if body is None else orjson.dumps(body)
    found = {"cache-control": "no-store", "x-content-type-options": "nosniff", **(headers or {})}
    if status != 204:
        found["content-length"] = str(len(said))
    if said:
        found["content-type"] = content_type
    if close:
        found["connection"] = "close"
    pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in found.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": said})


async def refuse(
    send: Send, error: Exception, *, headers: Headers | None = None, close: bool = False
) -> None:
    """An error in the API's one form."""
    status, code, said, facts = _told(error)
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": said}
    more = dict(headers or {})
    if wait := getattr(error, "retry_after", None) or getattr(error, "wait", None):
        more["retry-after"] = str(int(wait))
    if status == 401:
        more["www-authenticate"] = "Bearer"
    await answer(send, status, {**body, **facts}, headers=more, content_type=PROBLEM, close=close)


def _told(error: Exception) -> tuple[int, str, str, dict[str, Any]]:
    if isinstance(error, BackupError):
        facts = dict(getattr(error, "facts", {}))
        if error.cure:
            facts["cure"] = str(error.cure)
        return error.status, error.code, str(error), facts
    if isinstance(error, APIException):
        detail = error.detail
        return error.status_code, str(getattr(detail, "code", "invalid")), str(detail), {}
    code = getattr(error, "code", None)
    if code == "not_allowed":
        return 403, code, str(error), {}
    return 500, "fault", _("Something went wrong here. The log of the server says what."), {}
