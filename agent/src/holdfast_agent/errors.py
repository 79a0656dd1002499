"""What can go wrong between an agent and the server. `message` is a sentence for a person."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """`status` is the HTTP status, `code` the server's own, `facts` the rest of its answer."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        facts: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.facts = facts or {}
        self.retry_after = retry_after


class NetworkError(ApiError):
    """The server was not reached, or its answer did not arrive."""


class AuthenticationError(ApiError):
    """The token is not valid (401), or does not allow this (403)."""


class ServerError(ApiError):
    """The server has failed (5xx)."""


class ValidationError(ApiError):
    """The server refuses what was sent (4xx)."""


class UploadError(ApiError):
    """The file cannot be sent, or did not arrive as it was read."""


class BusyError(ApiError):
    """Come again after `retry_after` seconds (423, 429)."""


class NotConfigured(ApiError):
    """A setting is missing or wrong; the message names it."""


class Paused(Exception):
    """Sending was interrupted on purpose: the window has closed, or the agent stops."""


RETRIED = (500, 502, 503, 504)


def is_retried(error: ApiError) -> bool:
    if isinstance(error, ServerError):
        return error.status in RETRIED
    return isinstance(error, NetworkError)
