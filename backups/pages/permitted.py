"""Who is logged in, and the checks of a page."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest

from access.models import Company, User
from backups.errors import NotFound
from backups.models import Backup
from backups.selectors import backup_for


def person(request: HttpRequest) -> User:
    """Who is logged in. Pages are closed to everyone else (access.routes)."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def must_have(user: User, permission: str, company: Company | None = None) -> None:
    """Answers 403 unless a role grants the permission: in this company, or in any."""
    if not user.may(permission, company):
        raise PermissionDenied


def visible_backup(user: User, backup_id: str) -> Backup:
    """Answers 404 alike for a missing backup and one that the person may not see."""
    try:
        return backup_for(actor=user, backup_id=backup_id)
    except NotFound as error:
        raise Http404(str(error)) from error
