"""The open routes: the one list of what answers without a login. All else needs one."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

OPEN_ROUTES = frozenset(
    {
        "login",
        # They ask for half a login (access.second_factor.pending), else lead to the whole one.
        "login-code",
        "login-set-up",
        "admin:login",
        "health",
        "health-live",
        "health-ready",
        # To programs on the same machine; others send it a token.
        "live:metrics",
        # Who knows the key may say that a backup ran, and nothing else.
        "ping",
        "ping-what",
    }
)
# Open besides them where DOCS_PUBLIC is set: what the API is, and nothing of what is in it.
DOCS_ROUTES = frozenset({"api:schema", "docs", "live:asyncapi", "live:docs", "redoc"})


def is_open(request: HttpRequest) -> bool:
    """Whether this address answers who is not logged in."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    return name in OPEN_ROUTES or (settings.DOCS_PUBLIC and name in DOCS_ROUTES)


class LoginByDefaultMiddleware(LoginRequiredMiddleware):
    """Sends everyone without a login to the login page, but for the open ones.

    The API's views answer 401 themselves (their default permission is IsAuthenticated).
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        if is_open(request):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
