"""Who listens, by which proof, and whether that still holds. Asked when a reader comes, and on."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest
from django.http.request import validate_host
from django.utils.http import is_same_domain
from rest_framework.exceptions import AuthenticationFailed

from access.authentication import BearerAuthentication
from access.models import Token, User
from monitoring.files.models import TrackedFile
from monitoring.live.errors import ForeignOrigin, NotAuthenticated

BEARER = "bearer"


@dataclass(frozen=True)
class Credential:
    """A session or a token that was valid once. Looked up anew at each `actor()`."""

    session: str = field(default="", repr=False)
    token_id: int | None = None

    def actor(self) -> User:
        """Raises NotAuthenticated when it is not valid any more."""
        user = self._of_token() if self.token_id is not None else self._of_session()
        if user is None or not user.is_active:
            raise NotAuthenticated
        return user

    def _of_token(self) -> User | None:
        valid = Q(expiry=None) | Q(expiry__gt=Now())
        found: Token | None = (
            Token.objects.filter(valid, pk=self.token_id).select_related("user").first()
        )
        return found.bearer() if found else None

    def _of_session(self) -> User | None:
        request = HttpRequest()
        request.session = _sessions()(self.session)
        # Django's own question: it also compares the password's hash.
        user = get_user(request)
        return user if isinstance(user, User) else None


def identify(
    *, authorization: str, session: str, origin: str | None, host: str, must_have_origin: bool
) -> tuple[User, Credential]:
    """Who sends these headers. Raises NotAuthenticated, ForeignOrigin.

    A token in the header is a proof by itself. A cookie is also sent by pages of others: then
    the origin must be ours. A browser always names it when it opens a WebSocket.
    """
    kind, _space, text = authorization.strip().partition(" ")
    if authorization:
        if kind.lower() != BEARER:
            raise NotAuthenticated
        try:
            user, token = BearerAuthentication().authenticate_credentials(text.strip().encode())
        except AuthenticationFailed as error:
            raise NotAuthenticated from error
        return user, Credential(token_id=token.pk)
    if origin is not None and not is_ours(origin, host):
        raise ForeignOrigin
    if not session:
        raise NotAuthenticated
    if origin is None and must_have_origin:
        raise ForeignOrigin
    credential = Credential(session=session)
    return credential.actor(), credential


def is_ours(origin: str, host: str) -> bool:
    """Whether a page of this origin is served by this installation."""
    try:
        parts = urlsplit(origin)
        name = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not name:
        return False
    if parts.netloc.lower() == host.lower():
        named = f"[{name}]" if ":" in name else name
        return validate_host(named, settings.ALLOWED_HOSTS)
    for trusted in settings.CSRF_TRUSTED_ORIGINS:
        scheme, _colon, domain = trusted.partition("://")
        pattern = domain[1:] if domain.startswith("*.") else domain
        if scheme == parts.scheme and is_same_domain(parts.netloc.lower(), pattern.lower()):
            return True
    return False


def still_visible(credential: Credential, file_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these the holder may see now. Raises NotAuthenticated."""
    actor = credential.actor()
    seen = TrackedFile.objects.visible_to(actor).filter(pk__in=list(file_ids))
    return set(seen.values_list("pk", flat=True))


def _sessions() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore
