"""How a call is described: what it takes, and each answer that it gives.

The tables of calls are in `*_calls`: a key is a view's class and method. A route that is in none
is described by its signature alone, and the tests say that its example is missing.
"""

from typing import Any

from config.openapi import (
    alerting,
    expecting,
    keeping,
    live,
    received,
    recovering,
    restoring,
    sending,
    upkeep,
)
from config.openapi.samples import SAMPLES as GENERAL
from config.openapi.samples import problem
from config.openapi.shapes import Shape, ref

SAMPLES = {
    **GENERAL,
    **restoring.SAMPLES,
    **recovering.SAMPLES,
    **received.SAMPLES,
    **expecting.SAMPLES,
    **keeping.SAMPLES,
    **live.SAMPLES,
    **alerting.SAMPLES,
    **sending.SAMPLES,
    **upkeep.SAMPLES,
}

PROBLEM = "application/problem+json"
# Bodies that may be left out.
OPTIONAL = (
    "NewCheck",
    "NewRescan",
    "NewControlSet",
    "NewLook",
    "NewUploadEnd",
    "NewRecordingCleanup",
)
Call = dict[str, Any]

REFUSALS: dict[int, tuple[str, dict[str, Any]]] = {
    400: (
        "A value cannot be used: `option` or `errors` names it.",
        problem(400, "bad_option", "limit must be a number from 1 to 200."),
    ),
    401: (
        "No token, or none that is valid.",
        problem(401, "not_authenticated", "Authentication credentials were not provided."),
    ),
    403: (
        "The role does not allow it.",
        problem(403, "not_allowed", "Your role does not allow this. Ask an administrator."),
    ),
    404: (
        "It is not there, or not for you.",
        problem(404, "not_found", "There is no such backup."),
    ),
    409: ("It cannot be now: the code says why.", {}),
    415: (
        "The body is not JSON.",
        problem(415, "unsupported_media_type", 'Unsupported media type "text/csv" in request.'),
    ),
    416: ("The range lies beyond the end.", {}),
    422: ("The work itself failed: the code says how.", {}),
    429: (
        "Too many requests; `Retry-After` says when to come again.",
        problem(429, "throttled", "Request was throttled. Expected available in 12 seconds."),
    ),
}
_RETRY = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def call(
    tag: str,
    operation_id: str,
    summary: str,
    *,
    gives: str | None = None,
    status: int = 200,
    takes: str | None = None,
    description: str = "",
    asks: tuple[Call, ...] = (),
    headers: tuple[Call, ...] = (),
    refuses: tuple[int, ...] = (),
    conflict: dict[str, Any] | None = None,
    failure: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
    gives_headers: dict[str, Any] | None = None,
) -> Call:
    found: Call = {"operationId": operation_id, "tags": [tag], "summary": summary}
    if description:
        found["description"] = description
    found["parameters"] = [*asks, *headers]
    if takes is not None:
        content = {"schema": ref(takes), "example": SAMPLES[takes]}
        found["requestBody"] = {
            "required": takes not in OPTIONAL,
            "content": {"application/json": content},
        }
    responses: dict[str, Any] = dict(answers or {})
    if not answers:
        responses[str(status)] = _given(gives, gives_headers)
    for code in sorted({401, 403, 429, *refuses, *((400, 415) if takes else ())}):
        example = {409: conflict, 422: failure}.get(code) or REFUSALS[code][1]
        responses[str(code)] = _refused(code, example)
    found["responses"] = responses
    found["security"] = [{"token": []}, {"session": []}]
    return found


def _given(gives: str | None, headers: dict[str, Any] | None) -> dict[str, Any]:
    if gives is None:
        return {"description": "Done; there is nothing more to say."}
    content = {"application/json": {"schema": ref(gives), "example": SAMPLES[gives]}}
    found: dict[str, Any] = {"description": "As asked.", "content": content}
    return {**found, "headers": headers} if headers else found


def _refused(status: int, example: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": ref("Problem")}
    if example:
        content["example"] = example
    found: dict[str, Any] = {
        "description": REFUSALS[status][0],
        "content": {PROBLEM: content},
    }
    return {**found, "headers": _RETRY} if status == 429 else found


def query(name: str, schema: Shape, description: str = "", example: Any = None) -> Call:
    found: Call = {"name": name, "in": "query", "schema": schema, "description": description}
    return found if example is None else {**found, "example": example}


def header(name: str, schema: Shape, description: str, example: str) -> Call:
    return {
        "name": name,
        "in": "header",
        "schema": schema,
        "description": description,
        "example": example,
    }


LOCATION = {"Location": {"schema": {"type": "string", "format": "uri"}}}
CONNECTION = problem(422, "connection_failed", "The server does not answer.")
