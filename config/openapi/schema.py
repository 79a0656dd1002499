"""Where drf-spectacular finds a call's description: in the table of calls."""

import copy
import re
from collections.abc import Callable
from typing import Any

from drf_spectacular.openapi import AutoSchema

from config.openapi.alert_calls import ALERT_CALLS
from config.openapi.backup_calls import BACKUP_CALLS
from config.openapi.expecting_calls import EXPECTING_CALLS
from config.openapi.keeping_calls import KEEPING_CALLS
from config.openapi.live_calls import LIVE_CALLS
from config.openapi.recovery_calls import RECOVERY_CALLS
from config.openapi.resource_calls import RESOURCE_CALLS
from config.openapi.restore_calls import RESTORE_CALLS
from config.openapi.sending_calls import SENDING_CALLS
from config.openapi.upkeep_calls import UPKEEP_CALLS
from config.openapi.uploading import UPLOAD_CALLS

CALLS = {
    **BACKUP_CALLS,
    **RESOURCE_CALLS,
    **KEEPING_CALLS,
    **EXPECTING_CALLS,
    **UPKEEP_CALLS,
    **RESTORE_CALLS,
    **UPLOAD_CALLS,
    **RECOVERY_CALLS,
    **LIVE_CALLS,
    **ALERT_CALLS,
    **SENDING_CALLS,
}
Endpoint = tuple[str, str, str, Callable[..., Any]]
_UUIDS = re.compile(r"{(\w+)}")
# Rows that are counted; all others have UUIDs.
_NUMBERED = frozenset({"agent_pk", "alert_id", "entry_id", "job_id", "notice_id", "window_id"})
# What agents call themselves and their sessions, or our ids of those.
_NAMED = frozenset({"agent_id", "session_id"})
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
# Not calls of the API: its pages, and the answer to what is no address.
_LEFT_OUT = ("NowhereView", "DocsView", "RedocView")


class Call(AutoSchema):
    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        known = CALLS.get((_name_of(type(self.view)), method.lower()))
        if known is None:
            found: dict[str, Any] | None = super().get_operation(
                path, path_regex, path_prefix, method, registry
            )
            return found
        operation = copy.deepcopy(known)
        operation["parameters"] = [*_of_path(path), *operation["parameters"]]
        return operation


def plain_paths(endpoints: list[Endpoint], **_more: Any) -> list[Endpoint]:
    """Each path once, without the slash that may follow it."""
    return [
        (re.sub(r"/?\??$", "", path), path_regex, method, callback)
        for path, path_regex, method, callback in endpoints
        if path.startswith("/api/") and callback.cls.__name__ not in _LEFT_OUT  # type: ignore[attr-defined]  # of DRF's views
    ]


def _of_path(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _schema_of(name),
        }
        for name in _UUIDS.findall(path)
    ]


def _schema_of(name: str) -> dict[str, Any]:
    if name in _NAMED:
        return {"type": "string", "maxLength": 250}
    return _NUMBER if name in _NUMBERED else {"type": "string", "format": "uuid"}


def _name_of(view: type) -> str:
    return f"{view.__module__}.{view.__qualname__}"
