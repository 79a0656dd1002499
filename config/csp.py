"""The Content Security Policy: own files only, and no inline script or style on our pages.

The admin's theme evaluates expressions in attributes and sets inline styles: that is allowed
under /admin/ alone. The product's own pages show text from hostile places. Those of the API's
description show their own pictures, and one makes its styles with a nonce of each answer.
"""

from typing import Any

from csp.constants import HEADER, NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase

ADMIN_PREFIX = "/admin/"
API_PREFIX = "/api/"

# No pages: what a browser is made to show of them may load and do nothing.
_NOTHING = f"default-src {NONE}; frame-ancestors {NONE}"

PAGES: dict[str, list[str]] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF],
    "media-src": [SELF],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}
ADMIN: dict[str, list[str]] = {
    **PAGES,
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
}

# By their prefix, what the pages of the API's description need besides.
DOCS: dict[str, dict[str, list[Any]]] = {
    "/docs": {"img-src": [SELF, "data:"]},
    "/redoc": {"img-src": [SELF, "data:"], "style-src": [SELF, NONCE]},
}


class PolicyMiddleware(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # The same for all that the API answers: it is not put together anew for each.
        if not request.path_info.startswith(API_PREFIX):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, _NOTHING)
        return response

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and parts.config is None:
            parts.config = _policy(request)
        return parts


def _policy(request: HttpRequest) -> dict[str, list[Any]]:
    path = request.path_info
    if path.startswith(ADMIN_PREFIX):
        return ADMIN
    return {**PAGES, "connect-src": _live(request), **DOCS.get(path.rstrip("/"), {})}


def _live(request: HttpRequest) -> list[str]:
    """Where a page may connect to. Older browsers do not count a socket of the host as `self`."""
    try:
        host = request.get_host()
    except DisallowedHost:
        return [SELF]
    return [SELF, f"ws://{host}", f"wss://{host}"]
