"""Which addresses the data plane takes; everything else goes on to Django."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from rest_framework.exceptions import MethodNotAllowed

from access.models import User
from access.request import address_of_request
from uploads.ingest import tus
from uploads.ingest.answers import Send, answer, refuse
from uploads.ingest.asking import Asked, sender_of
from uploads.ingest.blocks import Disconnected, Receive
from uploads.ingest.routes import Route, found
from uploads.ingest.sharing import is_preflight, shared
from uploads.ingest.threads import ask
from uploads.ingest.whole import kind_of, take_whole

log = structlog.get_logger(__name__)

# A body that is not wanted is read to its end, so that the answer is read too; but not for ever.
MOST_DISCARDED = 64 << 20


def with_uploads(application: Any) -> Any:
    """The ASGI application, and before it the addresses to which files are sent."""

    async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (at := found(scope["path"])) is not None:
            await _serve(Asked(scope), receive, send, *at)
        else:
            await application(scope, receive, send)

    return serve


async def _serve(asked: Asked, receive: Receive, send: Send, route: Route, ref: str) -> None:
    if is_preflight(asked):
        await answer(shared(asked, send), 200)
        return
    if route.speaks_tus:
        asked.take_override()
    if asked.method == "OPTIONS" and route.speaks_tus:
        await answer(shared(asked, send), 204, headers=tus.OPTIONS)
        return
    await answering(
        asked,
        send,
        lambda said, user: _route(asked, receive, said, route, ref, user),
        opens=not ref,
        headers=tus.VERSION_HEADER if route.speaks_tus else {},
    )


async def answering(
    asked: Asked,
    send: Send,
    serve: Callable[[Send, User], Awaitable[None]],
    *,
    opens: bool,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Let in who may ask, and answer whatever goes wrong in the API's own form. `opens`: it opens
    an upload, and counts as a request of the API."""
    said = _Said(shared(asked, send))
    try:
        with address_of_request(asked.address):
            user = await ask(sender_of, asked, opens=opens)
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
    asked: Asked, receive: Receive, send: Send, route: Route, ref: str, user: User
) -> None:
    if asked.method not in route.methods:
        raise MethodNotAllowed(asked.method)
    if not ref:
        await tus.create(asked, receive, send, user=user)
        return
    file_type = route.file_type or asked.asked("file_type")
    if asked.method in ("POST", "PUT"):
        await take_whole(asked, receive, send, user=user, ref=ref, file_type=file_type)
    elif asked.method == "HEAD":
        await tus.stand(asked, send, user=user, ref=ref, kind=kind_of(file_type))
    elif asked.method == "PATCH":
        await tus.append(asked, receive, send, user=user, ref=ref, kind=kind_of(file_type))
    else:
        await tus.terminate(asked, send, user=user, ref=ref)


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
