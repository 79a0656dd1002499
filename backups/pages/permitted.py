"""In which companies a person may do a thing: what forms offer, and the check of a page."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest

from access.models import Company, Membership, User
from access.roles import Role, grants


def person(request: HttpRequest) -> User:
    """Who is logged in. Pages are closed to everyone else (access.routes)."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def companies_where(user: User, permission: str) -> QuerySet[Company]:
    if user.is_superuser:
        return Company.objects.all()
    roles = [role for role in Role if grants(role, permission)]
    memberships = Membership.objects.filter(user=user, role__in=roles)
    return Company.objects.filter(pk__in=memberships.values("company_id"))


def must_have(user: User, permission: str, company: Company | None = None) -> None:
    """Answers 403 unless a role grants the permission: in this company, or in any."""
    if not user.may(permission, company):
        raise PermissionDenied
