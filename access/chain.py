"""The hash chain of the audit: how an entry becomes a digest, and what a head is.

Each digest covers the one before it, so no entry can be changed, removed or moved without
every later digest changing. Nothing here asks the database.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

FORMAT = "holdfast-audit-1"

# What a digest covers, besides the digest before it: all that an entry says, and its place.
FACTS = (
    "position",
    "id",
    "at",
    "actor_id",
    "actor_name",
    "address",
    "company_id",
    "action",
    "object_type",
    "object_id",
    "object_name",
    "changes",
)


@dataclass(frozen=True)
class Head:
    """The end of a chain: as text `POSITION:DIGEST`."""

    position: int
    digest: str

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what is no head."""
        number, colon, digest = text.strip().partition(":")
        is_hex = len(digest) == 64 and not set(digest) - set("0123456789abcdef")
        if not colon or not is_hex or not number.isascii() or not number.isdigit():
            return None
        return cls(int(number), digest) if len(number) < 19 else None


START = Head(0, "0" * 64)


def facts_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an entry as they are sealed and exported; `at` as UTC to the microsecond."""
    facts = {name: row[name] for name in FACTS}
    at = facts["at"]
    if isinstance(at, datetime):
        facts["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    return facts


def digest_after(before: str, facts: Mapping[str, Any]) -> str:
    """The digest of an entry that follows the digest `before`: sha256, 64 hex digits."""
    body = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{FORMAT}\n{before}\n{body}".encode()).hexdigest()
