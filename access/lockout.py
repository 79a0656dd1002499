"""The lock-out of logins: what is counted, how much is too much, and what is answered.

django-axes counts failures of the last 15 minutes. A name from one address has few tries, an
address more, and a name from anywhere many: so nobody is locked out by others easily.
"""

from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from access import audit
from access.models import User
from access.policy import System

MINUTES = 15
# In the order of AXES_LOCKOUT_PARAMETERS: name and address, address, name.
LIMITS = (5, 20, 50)
LIMIT = LIMITS[0]


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]  # axes: untyped
    def get_failures(self, request: Any, credentials: Any = None) -> int:
        """The failures of what is nearest to its limit, in terms of LIMIT."""
        counts = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(int(count) * LIMIT // limit for count, limit in zip(counts, LIMITS, strict=True))

    def reset_user_attempts(self, request: Any, credentials: Any = None) -> int:
        """A good login forgives its name at its address only, not what else came from there."""
        count, _each = self.filter_user_attempts(request, credentials)[0].delete()
        return int(count)

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **more: Any
    ) -> None:
        was_locked = getattr(request, "axes_locked_out", False)
        super().user_login_failed(sender, credentials, request, **more)
        if request is not None and not was_locked and getattr(request, "axes_locked_out", False):
            _record(str(credentials.get("username", "")))


def is_locked_out(request: HttpRequest, user: User) -> bool:
    """Whether another password or code of this person from this address is refused unread."""
    return not AxesProxyHandler.is_allowed(request, {"username": user.username})


def count_failure(request: HttpRequest, user: User) -> None:
    """A wrong password or code beyond the login's own form counts as one of its failures."""
    user_login_failed.send(
        sender=__name__, credentials={"username": user.username}, request=request
    )


def _record(name: str) -> None:
    user = User.objects.filter(username=name).first()
    if user is not None:
        audit.record(actor=System("login"), action="login.locked_out", thing=user)


def peer(request: HttpRequest) -> str | None:
    """The socket's own peer (access.request says why no header is asked)."""
    return request.META.get("REMOTE_ADDR") or None


def answer_locked_out(
    request: HttpRequest,
    _response: HttpResponse | None = None,
    _credentials: Any = None,
) -> HttpResponse:
    answer = render(request, "access/locked_out.html", {"minutes": MINUTES}, status=429)
    answer["Retry-After"] = str(MINUTES * 60)
    return answer
