"""Logging: one line an event to stderr, as JSON, secrets removed where the line is made."""

from collections.abc import MutableMapping
from typing import Any

import structlog

from access.redaction import redact


def logging_settings(*, level: str) -> dict[str, Any]:
    """The dictionary for logging.config, with structlog set up to the same end."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _without_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": structlog.processors.JSONRenderer(),
                "foreign_pre_chain": before,
            }
        },
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "psycopg.pool": {"level": "ERROR"},
            # While Redis is away it writes a traceback a second; the health page says it once.
            "channels_redis.pubsub": {"level": "CRITICAL"},
            # It tells of every task that comes and goes; the canaries alone are thousands a day.
            "django-q": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            # It may name addresses with secrets; what it says is kept, cleaned, with the message.
            "apprise": {"handlers": ["nowhere"], "propagate": False},
        },
    }


def _without_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}
