"""Tickets: for who can set neither a cookie nor a header. A ticket stands in an address, so it is
short-lived, opens one stream, and is no login."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now

from access.models import Token, User
from monitoring.live.errors import NotAuthenticated
from monitoring.live.models import LiveTicket

UNUSED = timedelta(seconds=30)
# From its first use, for the same stream to go on after a cut.
USED = timedelta(minutes=10)


def issue_ticket(*, user: User, token: Token | None, session_key: str) -> tuple[str, datetime]:
    """The ticket's text, which is kept nowhere, and when it ends if it is not used."""
    text = secrets.token_urlsafe(32)
    made = LiveTicket.objects.create(
        digest=_digest(text),
        user=user,
        token=token,
        session_key="" if token else session_key,
        ends_at=Now() + UNUSED,
    )
    made.refresh_from_db(fields=["ends_at"])
    return text, made.ends_at


def redeem_ticket(*, text: str, stream: str) -> LiveTicket:
    """The ticket, used for this stream from now on. Raises NotAuthenticated."""
    with transaction.atomic():
        rows = LiveTicket.objects.select_for_update(of=("self",)).select_related("user", "token")
        found = rows.filter(digest=_digest(text), ends_at__gt=Now()).first()
        if found is None or found.stream not in ("", stream):
            raise NotAuthenticated
        if not found.stream:
            LiveTicket.objects.filter(pk=found.pk).update(stream=stream, ends_at=Now() + USED)
    return found


def forget_old_tickets() -> int:
    """Called by the tick."""
    gone, _each = LiveTicket.objects.filter(ends_at__lt=Now()).delete()
    return gone


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
