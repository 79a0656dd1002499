"""Reading a manifest that anybody may have written: bounded, typed, and never believed further.

Nothing here asks the database. What cannot be used is `Unusable`, with a stable reason.
"""

import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from backups.engines import engines
from backups.manifest import FORMAT, SUFFIX
from backups.options import is_storable
from storage.backends import backend_for
from storage.errors import BadKey, StorageError
from storage.keys import check_key
from storage.models import StorageTarget
from storage.services import open_object

# Ten thousand tables with their fingerprints are about 5 MiB.
LARGEST = 16 << 20
LONGEST_KEY = 500
LARGEST_NUMBER = 2**63 - 1
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Unusable(Exception):
    """A manifest that says nothing that may be believed. `reason` is stable."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(said)
        self.reason = reason


@dataclass(frozen=True)
class Identity:
    """Which database it was, as far as the manifest knows: older ones say id and name alone."""

    id: uuid.UUID
    name: str
    engine: str
    host: str = ""
    port: int = 0
    database_name: str = ""
    username: str = ""

    @property
    def is_known(self) -> bool:
        return bool(self.host and self.port and self.database_name)


@dataclass(frozen=True)
class Told:
    """What a manifest says, each value of its kind. Sizes in bytes."""

    key: str
    backup_id: uuid.UUID
    database: Identity
    company: str
    created_at: datetime
    label: str
    options: dict[str, Any]
    file_name: str
    size: int
    sha256: str
    compression: str
    source_bytes: int
    server_version: str
    body: dict[str, Any] = field(repr=False)
    weight: int = 0


def read_manifest(*, target: StorageTarget, key: str) -> Told:
    """The manifest of the artifact `key`. Raises Unusable; a StorageError passes through."""
    # A pipe, which nobody may ever write to, has no size either: it is never opened.
    if backend_for(target).size(key + SUFFIX) == 0:
        raise Unusable("not_json", _("It is empty."))
    with open_object(target=target, key=key + SUFFIX) as file:
        parts, size = [], 0
        while size <= LARGEST:
            try:
                part = file.read(1 << 20)
            except OSError as error:
                raise StorageError(f"The storage answered: {error.strerror or error}.") from error
            if not part:
                break
            parts.append(part)
            size += len(part)
    if size > LARGEST:
        raise Unusable("too_large", _("It is larger than any manifest."))
    return parse_manifest(b"".join(parts), key=key)


def parse_manifest(text: bytes, *, key: str) -> Told:
    """Raises Unusable."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Unusable("not_json", _("It is not JSON.")) from None
    if not isinstance(found, dict) or "holdfast_manifest" not in found:
        raise Unusable("no_manifest", _("It is no manifest of Holdfast.")) from None
    if found["holdfast_manifest"] != FORMAT:
        raise Unusable("unknown_format", _("Its format is not known to this version."))
    # PostgreSQL stores no zero byte, also not within JSON.
    if b"\\u0000" in text:
        raise Unusable("wrong_value", _("It holds a zero byte."))
    told = _told(found, weight=len(text))
    if told.key != key:
        raise Unusable(
            "other_key",
            _("It tells of another file: %(key)s") % {"key": shown(told.key)},
        )
    return told


def shown(text: object) -> str:
    """A text from outside, for a page or a terminal: short, and without control characters."""
    plain = str(text).encode(errors="replace").decode()
    return "".join(one if one.isprintable() else "?" for one in plain)[:200]


def _told(found: dict[str, Any], *, weight: int) -> Told:
    artifact, contents = _object(found, "artifact"), _object(found, "contents")
    engine = _text(contents, "engine", 20)
    if engine not in engines():
        raise Unusable("unknown_engine", _("Its engine is not known to this version."))
    _check_contents(contents)
    _check_artifact(artifact)
    named = _text(artifact, "key", LONGEST_KEY)
    try:
        check_key(named)
    except BadKey:
        raise Unusable("bad_key", _("It names a key that no artifact has.")) from None
    if _text(artifact, "file", 255) != named.rsplit("/", 1)[-1]:
        raise Unusable("wrong_value", _("Its file and its key have different names."))
    told = Told(
        key=named,
        backup_id=_id(found, "backup"),
        database=_identity(_object(found, "database"), engine),
        company=_text(found, "company", 200, default=""),
        created_at=_moment(found, "created_at"),
        label=_text(found, "label", 60, default=""),
        options=_object(found, "options"),
        file_name=artifact["file"],
        size=_number(artifact, "size"),
        sha256=_hash(artifact, "sha256"),
        compression=_text(artifact, "compression", 40),
        source_bytes=_number(found, "source_bytes"),
        server_version=_text(found, "server_version", 40),
        body=found,
        weight=weight,
    )
    # What people are to type is made here, and never taken from a file.
    made = engines()[engine]()
    found["restore"] = {
        "needs": made.restore_needs(found),
        "commands": made.restore_commands(found),
    }
    return told


def _check_contents(contents: dict[str, Any]) -> None:
    _number(contents, "tool_major")
    tables = contents.get("tables")
    if not isinstance(tables, list) or not all(isinstance(one, str) for one in tables):
        raise _wrong("tables")
    if not isinstance(contents.get("fingerprint"), dict | None):
        raise _wrong("fingerprint")


def _check_artifact(artifact: dict[str, Any]) -> None:
    if not isinstance(artifact.get("compressed_inside"), bool):
        raise _wrong("compressed_inside")
    _number(artifact, "plain_size")
    _hash(artifact, "plain_sha256")
    recipients = artifact.get("recipients")
    if not isinstance(recipients, list):
        raise _wrong("recipients")
    for one in recipients:
        if not isinstance(one, dict):
            raise _wrong("recipients")
        _text(one, "role", 40)
        _text(one, "public", 200)


def _identity(found: dict[str, Any], engine: str) -> Identity:
    port = found.get("port", 0)
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise _wrong("port")
    name = _text(found, "name", 100)
    if not name:
        raise _wrong("name")
    return Identity(
        id=_id(found, "id"),
        name=name,
        engine=engine,
        host=_text(found, "host", 255, default=""),
        port=port,
        database_name=_text(found, "database_name", 255, default=""),
        username=_text(found, "username", 255, default=""),
    )


def _object(found: dict[str, Any], name: str) -> dict[str, Any]:
    value = found.get(name)
    if not isinstance(value, dict):
        raise _wrong(name)
    return value


def _text(found: dict[str, Any], name: str, longest: int, *, default: str | None = None) -> str:
    value = found.get(name, default)
    if not isinstance(value, str) or len(value) > longest or not is_storable(value):
        raise _wrong(name)
    return value


def _number(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_NUMBER:
        raise _wrong(name)
    return value


def _hash(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise _wrong(name)
    return value


def _id(found: dict[str, Any], name: str) -> uuid.UUID:
    try:
        return uuid.UUID(_text(found, name, 36))
    except ValueError:
        raise _wrong(name) from None


def _moment(found: dict[str, Any], name: str) -> datetime:
    try:
        value = parse_datetime(_text(found, name, 40))
    except ValueError:
        value = None
    if value is None or value.tzinfo is None or not 1990 <= value.year <= 9000:
        raise _wrong(name)
    return value


def _wrong(name: str) -> Unusable:
    return Unusable("wrong_value", _("Its %(name)s cannot be used.") % {"name": name})
