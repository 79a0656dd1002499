"""The AsyncAPI 3.0 document of the live protocol, made of the types that the messages have."""

import types
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from monitoring.live import protocol

Shape = dict[str, Any]
_PLAIN: dict[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}

# Channel: address, its messages and what it is. The first of them comes first.
_SOCKETS = {
    "download": ("/ws/downloads/{download_id}", "DownloadUpdateMessage", "One file, to its end."),
    "queue": ("/ws/queue", "QueueUpdateMessage", "How many wait, run and ended."),
    "stats": ("/ws/stats", "StatsUpdateMessage", "Numbers of the installation."),
    "dashboard": ("/ws/dashboard", "DashboardUpdateMessage", "All of it, every 3 s at least."),
    "general": ("/ws/general", "GeneralMessage", "What administrators say."),
}
_STREAMS = {
    "download": ("/downloads/{download_id}/stream", "DownloadProgressEvent", "One file."),
    "queue": ("/downloads/queue/stream", "QueueStatusEvent", "As the WebSocket."),
    "stats": ("/downloads/stats/stream", "StatsEvent", "As the WebSocket."),
    "dashboard": ("/downloads/dashboard/stream", "DashboardEvent", "As the WebSocket."),
}
# For who asks: a channel's further messages.
_ASKED = {"general": ("AlertsUpdateMessage",)}
_COMMON = ("ConnectionEstablishedMessage", "ErrorMessage")


def document(*, host: str, version: str, secure: bool) -> Shape:
    channels = {
        **{
            f"{name}Socket": _channel(*about, *_ASKED.get(name, ()))
            for name, about in _SOCKETS.items()
        },
        **{f"{name}Stream": _channel(*about) for name, about in _STREAMS.items()},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Holdfast, live", "version": version, "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "sockets": {"host": host, "protocol": "wss" if secure else "ws"},
            "streams": {"host": host, "protocol": "https" if secure else "http"},
        },
        "channels": channels,
        "operations": {
            name: {
                "action": "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "messages": [
                    {"$ref": f"#/channels/{name}/messages/{one}"} for one in channel["messages"]
                ],
            }
            for name, channel in channels.items()
        },
        "components": {
            "messages": {name: _message(name) for name in message_names()},
            "schemas": {one.__name__: shape_of(one) for one in _types()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "httpApiKey", "in": "cookie", "name": "sessionid"},
                "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket"},
            },
        },
    }


def message_names() -> list[str]:
    own = [about[1] for about in (*_SOCKETS.values(), *_STREAMS.values())]
    asked = [message for more in _ASKED.values() for message in more]
    return [*_COMMON, *own, *asked]


def addresses() -> list[tuple[str, str, str]]:
    """For the page: address, message, what it is."""
    return [*_SOCKETS.values(), *_STREAMS.values()]


def shape_of(kind: Any) -> Shape:
    """A typed dictionary as JSON Schema; fields may be added, so it is open."""
    hints = get_type_hints(kind, include_extras=True)
    found: Shape = {
        "type": "object",
        "properties": {name: _of(hint) for name, hint in hints.items()},
        "required": sorted(name for name in hints if name in kind.__required_keys__),
    }
    said = (kind.__doc__ or "").strip()
    return {**found, "description": " ".join(said.split())} if said else found


def _of(hint: Any) -> Shape:
    origin = get_origin(hint)
    if origin is NotRequired:
        return _of(get_args(hint)[0])
    if origin is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(one) for one in get_args(hint)]}
    if origin is list:
        return {"type": "array", "items": _of(get_args(hint)[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(get_args(hint)[1])}
    if is_typeddict(hint):
        return {"$ref": f"#/components/schemas/{hint.__name__}"}
    return {"type": _PLAIN[hint]}


def _types() -> list[Any]:
    return [one for one in vars(protocol).values() if is_typeddict(one)]


def _channel(address: str, message: str, about: str, *asked: str) -> Shape:
    named = (*_COMMON, message, *asked)
    found: Shape = {
        "address": address,
        "description": about,
        "messages": {one: {"$ref": f"#/components/messages/{one}"} for one in named},
    }
    if "{download_id}" in address:
        found["parameters"] = {"download_id": {"description": "The file's id."}}
    return found


def _message(name: str) -> Shape:
    return {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}}


_ABOUT = """\
The first message is `connection_established`, then comes the present state, then each change.
An event stream carries the same as a WebSocket, with the fields of `data` at top level.
Send a session's cookie, `Authorization: Bearer hf_…`, or `?ticket=` from `POST /api/live/tickets`.
Each message has an `id`: send the last one as `Last-Event-ID`, or `?since=`, to go on after a cut.
A refusal is an `error` and a close: 4401 not logged in, 4403 not allowed, 4404 not there,
4429 too many. What a file's stream has told to its end answers 204.
"""
