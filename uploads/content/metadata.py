"""The JSON that comes beside a recording: an object, of which a few names have a fixed form."""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.utils.translation import gettext as _

from uploads.errors import WrongContent

MOST_BYTES = 1 << 20
MOST_DEPTH = 20
_MOMENTS = ("start_time", "end_time")
_CONNECTION = (
    *("con_codigo", "ip", "name", "user", "connection_type"),
    *("wats_user", "wats_user_machine", "wats_user_ip"),
)
_OBJECTS = ("connection_info", "recorder_settings")


def read_metadata(path: Path) -> dict[str, Any]:
    """Raises WrongContent, naming what is wrong."""
    body = path.read_bytes()[: MOST_BYTES + 1]
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        words = _("The metadata is no JSON: %(said)s.")
        raise WrongContent(words % {"said": str(error)[:200]}) from error
    if not isinstance(found, dict):
        raise WrongContent(_("The metadata must be a JSON object."))
    check_metadata(found)
    return found


def check_metadata(found: dict[str, Any]) -> None:
    """Unknown names are kept as they are. Raises WrongContent."""
    for name in _MOMENTS:
        value = found.get(name)
        if value is not None and not _is_moment(value):
            raise WrongContent(_("%(name)s must be a time in ISO 8601.") % {"name": name})
    for name in _OBJECTS:
        if not isinstance(found.get(name, {}), dict):
            raise WrongContent(_("%(name)s must be an object.") % {"name": name})
    if _has_nul(found, MOST_DEPTH):
        raise WrongContent(_("The metadata is nested too deeply, or holds a NUL character."))


def connection_of(metadata: dict[str, Any]) -> dict[str, Any]:
    """What it says of the connection itself: in an object, or among the rest."""
    info = metadata.get("connection_info")
    if isinstance(info, dict):
        return info
    found = {name: metadata[name] for name in _CONNECTION if name in metadata}
    # A name alone may be anything's.
    return found if "con_codigo" in found or "ip" in found else {}


def _is_moment(value: Any) -> bool:
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def _has_nul(value: Any, depth: int) -> bool:
    """What PostgreSQL cannot keep in a JSON column, or would be costly to walk through."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict | list):
        inner = [*value.keys(), *value.values()] if isinstance(value, dict) else value
        return depth == 0 or any(_has_nul(one, depth - 1) for one in inner)
    return False
