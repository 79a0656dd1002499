"""The options of a backup: each one checked before anything is queued.

Names of schemas and tables become quoted patterns, so that none can be read as a flag,
a path or a pattern of its own; only `*` keeps its meaning.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from backups.errors import BadOption

LONGEST_LIST = 500
LONGEST_NAME = 200
LONGEST_COMMENT = 2000
LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
LEVELS = range(1, 20)
# Counts alone cost less and prove less; without any nothing can be proven. Only by choice.
FINGERPRINTS = ("full", "counts", "none")

# Named in the API's description; refused by name until they work.
NOT_YET = {"format": "custom", "encrypt": True, "jobs": 1}

# A backup made with one of these leaves something out: it never makes a database safe.
NARROWING = (
    "schema_only",
    "data_only",
    "schemas",
    "exclude_schemas",
    "tables",
    "exclude_tables",
    "exclude_table_data",
)


@dataclass(frozen=True)
class Options:
    """What to dump and how. Lists hold names: `table`, `schema.table`, `*` for anything."""

    schema_only: bool = False
    data_only: bool = False
    schemas: tuple[str, ...] = ()
    exclude_schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    exclude_tables: tuple[str, ...] = ()
    exclude_table_data: tuple[str, ...] = ()
    no_owner: bool = False
    no_privileges: bool = False
    include_globals: bool = False
    compression_level: int = 3
    fingerprint: str = "full"
    label: str = ""
    comment: str = ""

    def as_json(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        plain = Options()
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
            if value != getattr(plain, key)
        }


def parse_options(given: Mapping[str, Any]) -> Options:
    """Options from a request's body, a form or a command line. Raises BadOption."""
    known = {field.name: field for field in fields(Options)}
    found: dict[str, Any] = {}
    for name, value in given.items():
        if name in NOT_YET:
            if value != NOT_YET[name]:
                only = NOT_YET[name]
                raise BadOption(
                    name,
                    _("%(option)s can only be %(value)s for now.")
                    % {"option": name, "value": str(only).lower()},
                )
            continue
        if name == "compression":
            found["compression_level"] = _compression_level(value)
            continue
        if name not in known:
            shown = name[:60].encode(errors="replace").decode()
            raise BadOption(shown, _("There is no option %(option)s.") % {"option": shown})
        found[name] = _parse(name, known[name].default, value)
    options = Options(**found)
    if options.schema_only and options.data_only:
        raise BadOption("data_only", _("schema_only and data_only exclude each other."))
    return options


def _parse(name: str, default: Any, value: Any) -> Any:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise BadOption(name, _("%(option)s must be true or false.") % {"option": name})
        return value
    if isinstance(default, int):
        return _compression_level(value)
    if isinstance(default, tuple):
        return _names(name, value)
    if not isinstance(value, str):
        raise BadOption(name, _("%(option)s must be a text.") % {"option": name})
    if name == "fingerprint" and value not in FINGERPRINTS:
        raise BadOption(name, _("fingerprint is full, counts or none."))
    if name == "label" and value and not LABEL.fullmatch(value):
        raise BadOption(name, _("A label has letters, digits, - and _, 40 at the most."))
    if len(value) > LONGEST_COMMENT or not is_storable(value):
        raise BadOption(name, _("%(option)s is too long, or not a text.") % {"option": name})
    return value


def is_storable(text: str) -> bool:
    """Whether PostgreSQL takes the text: no zero byte, no half of a character (RFC 3629)."""
    return "\0" not in text and text.encode(errors="replace").decode() == text


def _names(option: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_LIST:
        raise BadOption(option, _("%(option)s must be a list of names.") % {"option": option})
    for name in value:
        if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME:
            raise BadOption(
                option, _("%(option)s has an empty or too long name.") % {"option": option}
            )
        if not name.isprintable():
            raise BadOption(
                option, _("%(option)s has a name with control characters.") % {"option": option}
            )
    return tuple(value)


def _compression_level(value: Any) -> int:
    if isinstance(value, Mapping):
        if value.get("method", "zstd") != "zstd" or set(value) - {"method", "level"}:
            raise BadOption("compression", _("compression is zstd with a level from 1 to 19."))
        value = value.get("level", 3)
    if isinstance(value, bool) or not isinstance(value, int) or value not in LEVELS:
        raise BadOption("compression", _("The compression level is a number from 1 to 19."))
    return value
