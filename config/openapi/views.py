"""The description itself, and two pages that show it. Nothing comes from any other host."""

from functools import lru_cache
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http.response import HttpResponseBase
from django.utils.translation import get_language
from drf_spectacular.renderers import OpenApiJsonRenderer2
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from access.routes import is_open
from config.rendering import JSONRenderer


class LoggedInUnlessOpen(IsAuthenticated):
    """The list of what is open is in access.routes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return is_open(request) or super().has_permission(request, view)


class SchemaView(SpectacularAPIView):
    """JSON, whatever is asked for: tools and browsers read the same."""

    permission_classes = [LoggedInUnlessOpen]
    renderer_classes = [JSONRenderer, OpenApiJsonRenderer2]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002
        return super().perform_content_negotiation(request, force=True)

    def _get_schema_response(self, _request: Request) -> Response:
        disposition = 'inline; filename="holdfast-openapi.json"'
        return Response(_described(get_language()), headers={"Content-Disposition": disposition})


@lru_cache(maxsize=8)
def _described(_language: str | None) -> dict[str, Any]:
    """The same for everyone: made once in a process for each language, not for each reader."""
    generator: Any = spectacular_settings.DEFAULT_GENERATOR_CLASS
    found: dict[str, Any] = generator().get_schema(public=True)
    return found


def _to_login(request: Request, error: Exception) -> HttpResponseBase | None:
    """A page's answer to who is not logged in."""
    if isinstance(error, NotAuthenticated):
        return redirect_to_login(request.get_full_path())
    return None


class DocsView(SpectacularSwaggerSplitView):
    permission_classes = [LoggedInUnlessOpen]
    url_name = "api:schema"
    template_name = "docs/swagger.html"
    title = "Holdfast API"

    def handle_exception(self, error: Exception) -> Any:
        return _to_login(self.request, error) or super().handle_exception(error)


class RedocView(SpectacularRedocView):
    permission_classes = [LoggedInUnlessOpen]
    url_name = "api:schema"
    template_name = "docs/redoc.html"
    title = "Holdfast API"

    def handle_exception(self, error: Exception) -> Any:
        return _to_login(self.request, error) or super().handle_exception(error)
