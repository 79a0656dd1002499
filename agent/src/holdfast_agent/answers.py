"""Answers of the server, and the errors that they mean."""

from __future__ import annotations

from typing import Any

import requests

from holdfast_agent.errors import (
    ApiError,
    AuthenticationError,
    BusyError,
    NetworkError,
    ServerError,
    ValidationError,
)

MOST_SHOWN = 300
DEFAULT_WAIT = 5.0


def body_of(answer: requests.Response) -> dict[str, Any]:
    """The JSON object that an answer is. Raises NetworkError for a page of somebody else's."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NetworkError(
            f"What answers at {_place(answer)} is not Holdfast.", status=answer.status_code
        )
    return found


def raise_for(answer: requests.Response) -> None:
    """Raises the error that the answer means; nothing for a good one."""
    status = answer.status_code
    if 200 <= status < 300:
        return
    facts = _facts(answer)
    code = str(facts.get("code") or "")
    said: dict[str, Any] = {
        "status": status,
        "code": code,
        "facts": facts,
        "retry_after": _wait(answer),
    }
    message = _message(answer, facts)
    if status in (401, 403):
        raise AuthenticationError(message, **said)
    if status in (423, 429):
        said["retry_after"] = said["retry_after"] or DEFAULT_WAIT
        raise BusyError(message, **said)
    if status >= 500:
        raise ServerError(message, **said)
    # Our own line was too slow, or another request of ours took over: the file is not at fault.
    if status == 408 or code == "taken_over":
        raise NetworkError(message, **said)
    if 300 <= status < 400:
        to = answer.headers.get("Location", "elsewhere")
        raise ValidationError(f"The server points to {to}; set base_url to its address.", **said)
    raise ValidationError(message, **said)


def lost(error: requests.RequestException) -> ApiError:
    """What a failed request means."""
    if isinstance(error, requests.exceptions.SSLError):
        said = "The server's certificate is not trusted, or TLS broke"
    elif isinstance(error, requests.Timeout):
        said = "The server did not answer in time"
    elif isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        return ValidationError(f"base_url is no address: {error}")
    else:
        said = "The connection to the server failed"
    return NetworkError(f"{said}: {str(error)[:MOST_SHOWN]}")


def _facts(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _message(answer: requests.Response, facts: dict[str, Any]) -> str:
    said = facts.get("detail") or facts.get("title") or answer.reason or "no reason given"
    checks = facts.get("checks")
    if isinstance(checks, dict):
        ill = [f"{name} {result}" for name, result in checks.items() if result != "ok"]
        said = f"The server is not well: {', '.join(ill)}"
    fields = facts.get("errors")
    if isinstance(fields, dict) and fields:
        said = f"{said} ({'; '.join(f'{name}: {_first(why)}' for name, why in fields.items())})"
    return f"{str(said)[:MOST_SHOWN]} [{answer.status_code}]"


def _first(why: Any) -> Any:
    return why[0] if isinstance(why, list) and why else why


def _wait(answer: requests.Response) -> float | None:
    """Retry-After in seconds; its other form, a date, would need the two clocks to agree."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() else None


def _place(answer: requests.Response) -> str:
    return (answer.url or "").partition("?")[0]
