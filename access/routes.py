"""The open routes: the one list of what answers without a login. All else needs one."""

from collections.abc import Callable
from typing import Any

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
    }
)


class LoginByDefaultMiddleware(LoginRequiredMiddleware):
    """Sends everyone without a login to the login page, but for OPEN_ROUTES.

    The API's views answer 401 themselves (their default permission is IsAuthenticated).
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is not None and match.view_name in OPEN_ROUTES:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
