"""The protocol's own description beside that of the API, and metrics; no other host is asked."""

import ipaddress
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from access.authentication import UncountedBearer
from access.models import User
from monitoring.live.asyncapi import addresses, document
from monitoring.live.metrics import live_metrics

SEE = "monitoring.view_metrics"
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


@require_safe
def asyncapi_json(request: HttpRequest) -> HttpResponse:
    return JsonResponse(_document(request))


@require_safe
def asyncapi_page(request: HttpRequest) -> HttpResponse:
    made = _document(request)
    schemas = made["components"]["schemas"]
    return render(
        request,
        "docs/live.html",
        {
            "about": [_parts(line) for line in made["info"]["description"].splitlines()],
            "addresses": addresses(),
            "schemas": [(name, *_fields(shape)) for name, shape in schemas.items()],
        },
    )


def _parts(line: str) -> list[tuple[str, bool]]:
    """Its pieces, and whether each is what a program says or sends."""
    return [(text, bool(number % 2)) for number, text in enumerate(line.split("`")) if text]


def _fields(shape: dict[str, Any]) -> tuple[str, list[tuple[str, str, bool]]]:
    """What it is, and of each field its kind and whether it is always there."""
    fields = shape["properties"].items()
    rows = [(name, _words(about), name in shape["required"]) for name, about in fields]
    return shape.get("description", ""), rows


def _words(about: dict[str, Any]) -> str:
    if "$ref" in about:
        return str(about["$ref"].rpartition("/")[2])
    if "anyOf" in about:
        return " · ".join(_words(one) for one in about["anyOf"])
    if "enum" in about:
        return " · ".join(f'"{one}"' for one in about["enum"])
    if about["type"] == "array":
        return f"array of {_words(about['items'])}"
    return str(about["type"])


def _document(request: HttpRequest) -> dict[str, Any]:
    return document(host=request.get_host(), version=settings.VERSION, secure=request.is_secure())


# Open to programs on this machine; it asks all others for a token itself.
@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not is_local(request):
        user = _bearer(request)
        if user is None:
            answer = HttpResponse("Send a token.\n", status=401, content_type="text/plain")
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        if not user.may(SEE):
            return HttpResponse("Not for this token.\n", status=403, content_type="text/plain")
    return HttpResponse(live_metrics(), content_type="text/plain; version=0.0.4; charset=utf-8")


def is_local(request: HttpRequest) -> bool:
    """A program on this machine; a proxy on it speaks for others, and says so."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _bearer(request: HttpRequest) -> User | None:
    try:
        found = UncountedBearer().authenticate(Request(request))
    except (AuthenticationFailed, Throttled):
        return None
    return found[0] if found and isinstance(found[0], User) else None
