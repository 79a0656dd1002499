"""Secrets are removed where a line is written, not where it is shown."""

import re
from collections.abc import Iterable

MASK = "•••"

# Each of the patterns needs one of these; most lines have none. Small letters of an ASCII text
# alone: elsewhere a pattern that knows no case takes more for a K than these do.
_KEYS = tuple(f"{what}{how}key" for what in ("api", "access") for how in ("", "_", "-"))
_MARKS = ("://", "pass", "pwd", "secret", "token", "ticket", *_KEYS, "hf_", "bearer", "basic")

_PATTERNS = [
    # user:password@ in a URI: to the last @, since people forget to quote one inside
    re.compile(r"(?<=://)([^\s:/@]*):([^\s\"'<>]+)(?=@)"),
    # password=…, DB_TOKEN: …, also quoted and as JSON
    re.compile(
        r"(?i)((?:password|passwd|passphrase|pwd|secret|token|ticket|(?:api|access)[_-]?key)[\"']?)"
        r"(\s*[=:]\s*)('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s&]+)"
    ),
    re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+"),
    re.compile(r"\bhf_[0-9A-Za-z]{16,}"),
    re.compile(r"(?i)\b(bearer|basic)\s+[0-9A-Za-z._~+/=-]{8,}"),
]


def redact(text: str, *, secrets: Iterable[str] = ()) -> str:
    """The text without the given secrets and without anything that looks like one."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    if text.isascii() and not _may_hold(text.lower()):
        return text
    uri, pair, age_key, token, header = _PATTERNS
    text = uri.sub(rf"\1:{MASK}", text)
    text = pair.sub(rf"\1\2{MASK}", text)
    text = age_key.sub(MASK, text)
    text = token.sub(MASK, text)
    return header.sub(rf"\1 {MASK}", text)


def _may_hold(lowered: str) -> bool:
    return any(mark in lowered for mark in _MARKS)
