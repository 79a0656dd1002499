"""A person's sessions: where each was begun and last used, and ending them."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from access import audit
from access.models import LoginSession, User
from access.policy import Actor

SEEN = "seen"
# A page that polls must not write a row on every request.
GRAIN_SECONDS = 60


def remember(request: HttpRequest, user: User) -> None:
    """Write down that this session of `user` was used just now, from where."""
    session = request.session
    session[SEEN] = int(timezone.now().timestamp())
    if not session.session_key:
        session.create()
    try:
        with transaction.atomic():
            LoginSession.objects.update_or_create(
                session_id=session.session_key,
                defaults={
                    "user": user,
                    "address": request.META.get("REMOTE_ADDR") or None,
                    "browser": request.META.get("HTTP_USER_AGENT", "")[:200].replace("\0", ""),
                    "seen_at": Now(),
                },
            )
    except IntegrityError:
        # The session was ended meanwhile, or a request beside this one wrote the row first.
        return


def remember_login(*, request: HttpRequest, user: User, **_more: Any) -> None:
    """Receives Django's `user_logged_in`: every way to log in passes here."""
    remember(request, user)


def sessions_of(user: User) -> QuerySet[LoginSession]:
    return LoginSession.objects.filter(user=user, session__expire_date__gt=Now())


def end_session(*, user: User, public_id: uuid.UUID) -> bool:
    """End one of the person's own sessions; whether there was such a one."""
    found = sessions_of(user).filter(public_id=public_id).first()
    if found is not None:
        _end(user, found)
    return found is not None


def end_other_sessions(*, user: User, but: str | None, actor: Actor | None = None) -> int:
    """End all of the person's but one; `actor` is who does it, when it is not the person."""
    others = list(sessions_of(user).exclude(session_id=but))
    for found in others:
        _end(actor or user, found)
    return len(others)


def forget_ended_sessions() -> int:
    """Delete what has expired. A duty of the tick."""
    count, _each = Session.objects.filter(expire_date__lt=Now()).delete()
    return count


@transaction.atomic
def _end(actor: Actor, found: LoginSession) -> None:
    audit.record(
        actor=actor,
        action="session.ended",
        thing=found.user,
        changes={"address": found.address, "browser": found.browser},
    )
    found.session.delete()


class SeenMiddleware:
    """Keeps the list of sessions true, at most once a minute for each."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if session.accessed and session.get(SESSION_KEY) and isinstance(request.user, User):
            silent = timezone.now().timestamp() - session.get(SEEN, 0)
            if silent > GRAIN_SECONDS:
                remember(request, request.user)
        return response
