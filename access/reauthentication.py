"""Asking again who sits there, before what cannot be taken back. An answer holds ten minutes.

A login is such an answer too. What a token may is settled when it is made, in a session that
was asked; so requests that bear one are not asked again.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from access import lockout
from access.models import Token, User
from access.policy import NotAllowed
from access.second_factor.policy import has_one
from access.second_factor.services import Answer, check

MINUTES = 10
SESSION_KEY = "confirmed_at"
P = ParamSpec("P")


class ConfirmationNeeded(NotAllowed):
    """The session's last answer to "is it you?" is too old for this."""

    code = "confirmation_needed"


def is_recent(request: HttpRequest) -> bool:
    """Whether the person gave the password or a code in this session within MINUTES.

    True for a request that bears a token. A moment after now is no answer either: a clock that
    was set back must not make one hold longer.
    """
    if isinstance(getattr(request, "auth", None), Token):
        return True
    at = request.session.get(SESSION_KEY)
    return isinstance(at, int) and 0 <= int(time.time()) - at < MINUTES * 60


def demand(request: HttpRequest) -> None:
    """For calls of the API. Raises ConfirmationNeeded, a NotAllowed with a code of its own."""
    if not is_recent(request):
        raise ConfirmationNeeded(
            _("Confirm first that it is you, at %s.") % reverse("access:confirm")
        )


def require_recent(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Leads to the confirm page first, and from there back: after a form to the form's page."""

    @wraps(view)
    def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if is_recent(request):
            return view(request, *args, **kwargs)
        return redirect(confirm_address(_way_back(request)))

    return asked


def confirm_address(back: str) -> str:
    return f"{reverse('access:confirm')}?{urlencode({'next': back})}"


def confirm(request: HttpRequest, *, user: User, answer: str) -> Answer:
    """Take the password, or a code of who has a second factor; if right, it holds for MINUTES.

    A wrong one counts as a failed login. The caller asks `lockout.is_locked_out` before.
    """
    if has_one(user):
        found = check(user=user, answer=answer)
    else:
        found = Answer.RIGHT if user.check_password(answer) else Answer.WRONG
    if found == Answer.RIGHT:
        mark(request)
    elif found == Answer.WRONG:
        lockout.count_failure(request, user)
    return found


def mark(request: HttpRequest) -> None:
    request.session[SESSION_KEY] = int(time.time())


def mark_login(*, request: HttpRequest, **_more: object) -> None:
    """Receives Django's `user_logged_in`: every way to log in passes here."""
    mark(request)


def _way_back(request: HttpRequest) -> str:
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    # What a form sent is not kept. Browsers name its page (SECURE_REFERRER_POLICY).
    page = urlsplit(request.headers.get("Referer", ""))
    return page.path if page.netloc == request.get_host() else "/"
