"""The log `holdfast_agent.api`. Lines are cleaned of tokens where they are written."""

from __future__ import annotations

import logging
import re
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

NAME = "holdfast_agent.api"
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
MOST_BYTES = 10 << 20
_SECRETS = re.compile(r"(?i)(?<![\w])(hf_[A-Za-z0-9_-]{6,})|(?<=bearer )\S+")
_known: set[str] = set()


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)))
        return True


def keep_secret(token: str) -> None:
    """From now on it is removed from every line."""
    if len(token) >= 6:
        _known.add(token)


def redact(text: str) -> str:
    for token in _known:
        text = text.replace(token, "[redacted]")
    return _SECRETS.sub("[redacted]", text)


log = logging.getLogger(NAME)
log.addFilter(_Redaction())


def log_to_file(path: str | Path) -> logging.Handler:
    """Also write to this file; it starts anew at 10 MiB, and five older ones are kept."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    wanted = str(Path(path).resolve())
    for known in log.handlers:
        if isinstance(known, RotatingFileHandler) and known.baseFilename == wanted:
            return known
    handler = RotatingFileHandler(wanted, maxBytes=MOST_BYTES, backupCount=5, encoding="utf-8")
    handler.setFormatter(logging.Formatter(FORMAT))
    log.addHandler(handler)
    if log.getEffectiveLevel() > logging.INFO:
        log.setLevel(logging.INFO)
    return handler
