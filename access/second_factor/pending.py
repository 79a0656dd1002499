"""Half a login: the password was right, the second factor is still to come.

The session names no user, so it opens nothing. It is forgotten after five minutes, and when
the password was changed meanwhile.
"""

import time
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from access.models import User
from access.second_factor import codes
from access.secrets import SecretUnreadable, seal, unseal

MINUTES = 5
SESSION_KEY = "half_a_login"
DRAFT_KEY = "second_factor_draft"


def begin(request: HttpRequest, *, user: User, goes_to: str) -> None:
    """Note that `user` has given the right password; what the session held before is gone."""
    request.session.flush()
    request.session[SESSION_KEY] = {
        "user": user.pk,
        "at": int(time.time()),
        "password": user.get_session_auth_hash(),
        "goes_to": goes_to,
    }


def who(request: HttpRequest) -> User | None:
    """Whose half login this is; None when there is none that still holds."""
    half = _half(request)
    # A clock that was set back must not make it hold longer.
    if not 0 <= int(time.time()) - half.get("at", 0) < MINUTES * 60:
        return None
    user = User.objects.filter(pk=half["user"], is_active=True).first()
    if user is None or not constant_time_compare(half["password"], user.get_session_auth_hash()):
        return None
    return user


def end(request: HttpRequest) -> str:
    """Forget it, as it was completed; the address that the person wanted."""
    half = request.session.pop(SESSION_KEY, {})
    return str(half.get("goes_to", ""))


def draft_key(request: HttpRequest, user: User) -> str:
    """The key that is offered to the person's phone in this session until it is confirmed.

    The same on each reload; sealed like the one that it becomes, for sessions are rows too.
    """
    place = f"access.secondfactor:{user.pk}:draft"
    kept = request.session.get(DRAFT_KEY)
    try:
        if isinstance(kept, str):
            return unseal(kept, context=place)
    except SecretUnreadable:
        pass  # Another person's, or of a key file that is gone: a new one does.
    made = codes.new_key()
    request.session[DRAFT_KEY] = seal(made, context=place)
    return made


def drop_draft(request: HttpRequest) -> None:
    request.session.pop(DRAFT_KEY, None)


def _half(request: HttpRequest) -> dict[str, Any]:
    found = request.session.get(SESSION_KEY)
    return found if isinstance(found, dict) else {}
