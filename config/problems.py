"""Errors of the API as problem+json (RFC 9457): a stable code and a sentence for a person."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from access.policy import NotAllowed
from backups.errors import BackupError, BadOption
from monitoring.files.api.query import BadParameter

MEDIA_TYPE = "application/problem+json"


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception of an API view; None lets a fault of ours become a 500."""
    if isinstance(error, BackupError):
        extra: dict[str, Any] = {"cure": str(error.cure)} if error.cure else {}
        if isinstance(error, BadOption):
            extra["option"] = error.option
        return problem(error.status, error.code, str(error), **extra)
    if isinstance(error, NotAllowed | PermissionDenied):
        said = str(error) or _("Your role does not allow this.")
        return problem(403, NotAllowed.code, said)
    if isinstance(error, Http404):
        return problem(404, "not_found", _("There is nothing here."))
    response = exception_handler(error, context)
    if response is None:
        return None
    return _from_framework(error, response)


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
    return Response({**body, **extra}, status=status, content_type=MEDIA_TYPE)


def _from_framework(error: Exception, response: Response) -> Response:
    detail = getattr(error, "detail", "")
    code = getattr(detail, "code", None) or getattr(error, "default_code", "invalid")
    extra: dict[str, Any] = {}
    sentence = str(detail)
    if isinstance(error, exceptions.ValidationError):
        code, sentence = "invalid", _("Some values cannot be used.")
        extra["errors"] = error.detail
    if isinstance(error, BadParameter):
        extra["option"] = error.option
    answer = problem(response.status_code, str(code), sentence, **extra)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response:
            answer[name] = response[name]
    return answer
