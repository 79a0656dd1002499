"""Who is logged in, and the 403 of a page that the role does not open."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from access.models import User


def person(request: HttpRequest) -> User:
    """Who is logged in. Pages are closed to everyone else (access.routes)."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def must_have(user: User, permission: str) -> None:
    """Answers 403 unless a role grants the permission in any company."""
    if not user.may(permission):
        raise PermissionDenied
