"""Bearer tokens in the header, by knox: only digests are compared and kept."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from access.models import Token
from access.throttling import count_request, is_spent, seconds_left

LAST_USE_GRAIN = timedelta(minutes=1)


class BearerAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox ships no types
    def authenticate(self, request: Request) -> Any:
        """A token that is none counts for its address: views count who was let in, later.

        Raises AuthenticationFailed, and Throttled when there were too many.
        """
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            if not count_request(address=request.META.get("REMOTE_ADDR", "")):
                raise Throttled(wait=seconds_left()) from None
            raise

    def _cleanup_token(self, auth_token: Token) -> bool:
        """Whether it has expired. Knox reads all tokens of its bearer here, to delete what has:
        with each request, where the tick does it for everybody."""
        return auth_token.expiry is not None and auth_token.expiry < timezone.now()

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        # Knox decodes and asks as it is; what is no token's text must not become a fault of ours.
        if not token.isalnum() and not token.replace(b"_", b"").isalnum():
            raise AuthenticationFailed(_("Invalid token."))
        user, found = super().authenticate_credentials(token)
        # A busy agent must not write its token's row on every call. By the database's clock: who
        # asks whether an agent is silent compares with that one.
        last = found.last_used_at
        if last is None or abs(timezone.now() - last) > LAST_USE_GRAIN:
            type(found).objects.filter(pk=found.pk).update(last_used_at=Now())
        user.cap = found.scope
        return user, found


class UncountedBearer(BearerAuthentication):
    """For what is none of the API's views: there nobody counts who was let in. Where an address is
    over its limit no token is looked at, or the answer would tell which guess is right."""

    def authenticate(self, request: Request) -> Any:
        address = request.META.get("REMOTE_ADDR", "")
        if request.META.get("HTTP_AUTHORIZATION") and is_spent(address=address):
            raise Throttled(wait=seconds_left())
        return super().authenticate(request)
