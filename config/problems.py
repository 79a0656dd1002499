"""Errors of the API as problem+json (RFC 9457): a stable code and a sentence for a person."""

from typing import Any

import orjson
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from access.policy import NotAllowed
from backups.errors import BackupError
from monitoring.alerts.errors import AlertError
from monitoring.expected.errors import ExpectedError
from monitoring.files.api.query import BadParameter
from storage.api.bodies import BadValue
from storage.errors import StorageError

MEDIA_TYPE = "application/problem+json"


def answer_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to an exception of an API view; None lets a fault of ours become a 500."""
    if isinstance(error, BackupError | ExpectedError | AlertError):
        answer = problem(error.status, error.code, str(error), **_said_besides(error))
        if wait := getattr(error, "retry_after", None):
            answer["Retry-After"] = str(wait)
        return answer
    if isinstance(error, NotAllowed | PermissionDenied):
        said = str(error) or _("Your role does not allow this.")
        return problem(403, getattr(error, "code", NotAllowed.code), said)
    if isinstance(error, StorageError):
        return problem(error.status, error.code, str(error), **_said_besides(error))
    if isinstance(error, ValidationError):
        return problem(400, "invalid", _invalid(), errors=_by_field(error))
    # What was there a moment ago may be gone when its row is locked.
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return problem(404, "not_found", _("There is nothing here."))
    response = exception_handler(error, context)
    if response is None:
        return None
    return _from_framework(error, response)


def _said_besides(error: Exception) -> dict[str, Any]:
    """What an error knows besides its sentence, under the names that answers have for it."""
    found: dict[str, Any] = dict(getattr(error, "facts", {}))
    if cure := getattr(error, "cure", ""):
        found["cure"] = str(cure)
    for name in ("option", "lines"):
        if hasattr(error, name):
            found[name] = getattr(error, name)
    return found


class NowhereView(APIView):
    """Every address under /api/ that is none, in the API's own words."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


def answer_fault(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """A fault of ours: the API says so in its own form, pages by theirs."""
    if not request.path_info.startswith("/api/"):
        return defaults.server_error(request, *args, **kwargs)
    answer = problem(500, "fault", _("Something went wrong here. The log of the server says what."))
    return HttpResponse(orjson.dumps(answer.data), status=500, content_type=MEDIA_TYPE)


def _invalid() -> str:
    return _("Some values cannot be used.")


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    """The sentences by the field's name; those of no field under `__all__`."""
    return error.message_dict if hasattr(error, "error_dict") else {"__all__": error.messages}


def problem(status: int, code: str, detail: str, **extra: Any) -> Response:
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail}
    return Response({**body, **extra}, status=status, content_type=MEDIA_TYPE)


def _from_framework(error: Exception, response: Response) -> Response:
    detail = getattr(error, "detail", "")
    code = getattr(detail, "code", None) or getattr(error, "default_code", "invalid")
    extra: dict[str, Any] = {}
    sentence = str(detail)
    if isinstance(error, exceptions.ValidationError):
        code, sentence = "invalid", _invalid()
        extra["errors"] = error.detail
    if isinstance(error, BadParameter | BadValue):
        extra["option"] = error.option
    answer = problem(response.status_code, str(code), sentence, **extra)
    for name in ("WWW-Authenticate", "Retry-After", "Allow"):
        if name in response:
            answer[name] = response[name]
    return answer
