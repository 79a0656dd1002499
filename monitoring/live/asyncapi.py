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

from django.conf import settings

from monitoring.files.stages import Kind
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
_FIRST = {"Socket": "ConnectionEstablishedMessage", "Stream": "ConnectionEstablishedEvent"}
_ERROR = "ErrorMessage"
_SERVER = {"Socket": "sockets", "Stream": "streams"}
# Further messages of a channel: to who comes back after too long, and to who asks for them.
_MORE = {
    "downloadSocket": ("ResetMessage",),
    "downloadStream": ("ResetEvent",),
    "generalSocket": ("AlertsUpdateMessage",),
}
_NUMBERS = ("kind", "ticket")
_ASKED = {
    "download": ("since", "ticket"),
    "queue": _NUMBERS,
    "stats": _NUMBERS,
    "dashboard": _NUMBERS,
    "general": ("alerts", "ticket"),
}
_QUERY: dict[str, Shape] = {
    "since": {"type": "string", "description": "The `id` of the last message that was heard."},
    "ticket": {"type": "string", "description": "In place of a cookie or a token."},
    "kind": {
        "type": "array",
        "items": {"type": "string", "enum": list(Kind.values)},
        "description": "Files of these kinds alone.",
    },
    "alerts": {"type": "string", "enum": ["1"], "description": "Also how many alerts wait."},
}


def document(*, host: str, version: str, secure: bool) -> Shape:
    channels = {
        **{f"{name}Socket": _channel(name, "Socket", *about) for name, about in _SOCKETS.items()},
        **{f"{name}Stream": _channel(name, "Stream", *about) for name, about in _STREAMS.items()},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Holdfast, live", "version": version, "description": _ABOUT},
        "defaultContentType": "application/json",
        "servers": {
            "sockets": _server(host, "wss" if secure else "ws"),
            "streams": _server(host, "https" if secure else "http"),
        },
        "channels": channels,
        "operations": {name: _operation(name, channel) for name, channel in channels.items()},
        "components": {
            "messages": {name: _message(name) for name in message_names()},
            "schemas": {one.__name__: shape_of(one) for one in _types()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "httpApiKey",
                    "in": "cookie",
                    "name": settings.SESSION_COOKIE_NAME,
                },
                "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket"},
            },
        },
    }


def _server(host: str, protocol_name: str) -> Shape:
    ways = ("token", "session", "ticket")
    security = [{"$ref": f"#/components/securitySchemes/{way}"} for way in ways]
    return {"host": host, "protocol": protocol_name, "security": security}


def message_names() -> list[str]:
    own = [about[1] for about in (*_SOCKETS.values(), *_STREAMS.values())]
    more = [message for some in _MORE.values() for message in some]
    return [*_FIRST.values(), _ERROR, *own, *more]


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


def _channel(name: str, way: str, address: str, message: str, about: str) -> Shape:
    named = (_FIRST[way], _ERROR, message, *_MORE.get(f"{name}{way}", ()))
    found: Shape = {
        "address": address,
        "description": about,
        "servers": [{"$ref": f"#/servers/{_SERVER[way]}"}],
        "messages": {one: {"$ref": f"#/components/messages/{one}"} for one in named},
    }
    if way == "Socket":
        found["bindings"] = {"ws": {"method": "GET", "query": _query(name)}}
    if "{download_id}" in address:
        found["parameters"] = {"download_id": {"description": "The file's id."}}
    return found


def _operation(name: str, channel: Shape) -> Shape:
    found: Shape = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{one}"} for one in channel["messages"]],
    }
    topic, is_stream, _ = name.partition("Stream")
    if is_stream:
        found["bindings"] = {"http": {"method": "GET", "query": _query(topic)}}
    return found


def _query(name: str) -> Shape:
    return {"type": "object", "properties": {one: _QUERY[one] for one in _ASKED[name]}}


def _message(name: str) -> Shape:
    return {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}}


_ABOUT = """\
The first message is `connection_established`, then comes the present state, then each change.
An event stream carries the same as a WebSocket, with the fields of `data` at top level.
Send a session's cookie, `Authorization: Bearer hf_…`, or `?ticket=` from `POST /api/live/tickets`.
Each state has an `id`: send the last one as `Last-Event-ID`, or `?since=`, to go on after a cut.
A refusal is an `error` and a close: 4401 not logged in, 4403 not allowed, 4404 not there.
Too many connections or tries: 4429. What a file's stream has told to its end answers 204.
"""
