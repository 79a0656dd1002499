"""Every route of the installation, read from the resolver: its name and its pattern."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from monitoring.live.routes import websockets

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """`pattern` has a `{name}` for each parameter."""

    name: str
    pattern: str

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.pattern)

    def path(self, values: Mapping[str, object]) -> str:
        return "/" + self.pattern.format_map({key: values[key] for key in self.parameters})


def http_routes(resolver: URLResolver | None = None) -> list[Route]:
    return sorted(set(_walk(resolver or get_resolver())), key=lambda route: route.name)


def socket_routes() -> list[Route]:
    found = [_plain(str(route.pattern)) for route in websockets.routes]
    return [Route(f"ws:{pattern}", pattern) for pattern in found]


def _walk(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[Route]:
    entries: list[Any] = resolver.url_patterns
    for entry in entries:
        pattern = prefix + _plain(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _walk(
                entry, pattern, f"{space}{entry.namespace}:" if entry.namespace else space
            )
        else:
            assert isinstance(entry, URLPattern)
            yield Route(f"{space}{entry.name or pattern}", pattern)


def _plain(pattern: str) -> str:
    """A pattern of `path()` or of `re_path()` as text with `{name}`."""
    text = re.sub(r"\(\?P<(\w+)>(?:\[[^\]]*\][^()]*|[^()]*)\)", r"{\1}", pattern)
    text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text)
    return text.replace("/?$", "").strip("^$").replace("\\.", ".").replace("\\Z", "")
