"""The addresses of the data plane, and what each takes: for it, its description and its tests."""

import re
from dataclasses import dataclass
from functools import cached_property

_REF = "[^/]+"
_RESOURCE = ("POST", "PUT", "HEAD", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """`file_type` is what is sent there, where the request does not say it itself."""

    name: str
    pattern: str
    methods: tuple[str, ...]
    file_type: str = ""
    speaks_tus: bool = True

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern.replace("{session_id}", f"(?P<ref>{_REF})") + "/?")


ROUTES = (
    Route("creation", "/api/uploads/tus", ("POST",)),
    Route("resource", "/api/uploads/tus/{session_id}", _RESOURCE),
    Route("video", "/upload/video/{session_id}", _RESOURCE, file_type="video"),
    Route("metadata", "/upload/metadata/{session_id}", _RESOURCE, file_type="metadata"),
    Route("whole", "/api/uploads/{session_id}/file", ("POST", "PUT"), speaks_tus=False),
)


def found(path: str) -> tuple[Route, str] | None:
    """The route of a path, and whose session it names; None for what is Django's."""
    if not path.startswith(("/upload/", "/api/uploads/")):
        return None
    for route in ROUTES:
        if match := route.regex.fullmatch(path):
            return route, match.groupdict().get("ref", "")
    return None
