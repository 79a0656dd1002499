"""Cursors of keyset paging: opaque to clients, holding no more than the row they stand at."""

import base64
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from django.utils.translation import gettext as _

from backups.errors import BadOption

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cursor:
    moment: datetime
    row: uuid.UUID
    backwards: bool


def encode_cursor(cursor: Cursor) -> str:
    microseconds = (cursor.moment - _EPOCH) // timedelta(microseconds=1)
    body = orjson.dumps([microseconds, str(cursor.row), int(cursor.backwards)])
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """Raises BadOption for anything that `encode_cursor` did not make."""
    try:
        padded = text + "=" * (-len(text) % 4)
        microseconds, row, backwards = orjson.loads(base64.urlsafe_b64decode(padded))
        moment = _EPOCH + timedelta(microseconds=int(microseconds))
        return Cursor(moment, uuid.UUID(row), bool(backwards))
    except (ValueError, TypeError, AttributeError, OverflowError):
        raise BadOption("cursor", _("This cursor cannot be read; start from the first page."))
