"""Which addresses the data plane takes; everything else goes on to Django."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from rest_framework.exceptions import MethodNotAllowed

from access.models import User
from access.request import address_of_request
from uploads.ingest import tus
from uploads.ingest.answers import Send, answer, refuse
from uploads.ingest.asking import Asked, sender_of
from uploads.ingest.receiving import Disconnected, Receive
from uploads.ingest.sharing import is_preflight, shared
from uploads.ingest.threads import ask
from uploads.ingest.whole import kind_of, take_whole

log = structlog.get_logger(__name__)

_ID = r"(?P<ref>[^/]{1,250})"
CREATION = re.compile(r"/api/uploads/tus/?")
RESOURCES = (
    re.compile(rf"/upload/(?P<file_type>video|metadata)/{_ID}/?"),
    re.compile(rf"/api/uploads/tus/(?P<file_type>){_ID}/?"),
)
WHOLE = re.compile(rf"/api/uploads/{_ID}/file/?")
# A body that is not wanted is read to its end, so that the answer is read too; but not for ever.
MOST_DISCARDED = 64 << 20


def with_uploads(application: Any) -> Any:
    """The ASGI application, and before it the addresses to which files are sent."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (found := _found(scope["path"])) is not None:
            await _serve(Asked(scope), receive, send, *found)
        else:
            await application(scope, receive, send)

    return serve


def _found(path: str) -> tuple[str, dict[str, str]] | None:
    if not path.startswith(("/upload/", "/api/uploads/")):
        return None
    if CREATION.fullmatch(path):
        return "creation", {}
    for pattern in RESOURCES:
        if match := pattern.fullmatch(path):
            return "resource", match.groupdict()
    if match := WHOLE.fullmatch(path):
        return "whole", match.groupdict()
    return None


async def _serve(
    asked: Asked, receive: Receive, send: Send, what: str, values: dict[str, str]
) -> None:
    if is_preflight(asked):
        await answer(shared(asked, send), 200)
        return
    if asked.method == "OPTIONS" and what != "whole":
        await answer(shared(asked, send), 204, headers=tus.OPTIONS)
        return
    headers = {} if what == "whole" else tus.VERSION_HEADER
    await answering(
        asked,
        send,
        lambda said, user: _route(asked, receive, said, what, values, user),
        headers=headers,
    )


async def answering(
    asked: Asked,
    send: Send,
    serve: Callable[[Send, User], Awaitable[None]],
    *,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Let in who may ask, and answer whatever goes wrong in the API's own form."""
    said = _Said(shared(asked, send))
    try:
        with address_of_request(asked.address):
            user = await ask(sender_of, asked)
            await serve(said, user)
    except Disconnected:
        log.info("upload_cut", path=asked.path)
    except Exception as error:
        if said.has_begun:
            raise
        if getattr(error, "status", None) is None and getattr(error, "status_code", None) is None:
            log.exception("upload_broke", path=asked.path)
        await refuse(said, error, headers=headers, close=_is_long(asked))


async def _route(
    asked: Asked, receive: Receive, send: Send, what: str, values: dict[str, str], user: User
) -> None:
    if what == "creation":
        if asked.method != "POST":
            raise MethodNotAllowed(asked.method)
        await tus.create(asked, receive, send, user=user)
        return
    ref = values["ref"]
    file_type = values.get("file_type") or asked.asked("file_type")
    if asked.method in ("POST", "PUT"):
        await take_whole(asked, receive, send, user=user, ref=ref, file_type=file_type)
    elif what == "whole":
        raise MethodNotAllowed(asked.method)
    elif asked.method == "HEAD":
        await tus.stand(asked, send, user=user, ref=ref, kind=kind_of(file_type))
    elif asked.method == "PATCH":
        await tus.append(asked, receive, send, user=user, ref=ref, kind=kind_of(file_type))
    elif asked.method == "DELETE":
        await tus.terminate(asked, send, user=user, ref=ref)
    else:
        raise MethodNotAllowed(asked.method)


class _Said:
    """`send`, that knows whether an answer has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: dict[str, Any]) -> None:
        self.has_begun = True
        await self._send(message)


def _is_long(asked: Asked) -> bool:
    if asked.method not in ("POST", "PUT", "PATCH"):
        return False
    return asked.length is None or asked.length > MOST_DISCARDED
