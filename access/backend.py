"""Logging in, behind the lock-out; and Django's permission checks, from the role table.

Pages, templates and the admin ask `user.has_perm`; nothing is copied into groups, so no
second truth can drift from `access.roles`.
"""

from typing import Any

from axes.backends import AxesStandaloneBackend
from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.http import HttpRequest

from access.memberships import remember, roles_by_company
from access.models import Company, User
from access.roles import ROLES
from access.second_factor.policy import is_missing

# Every request asks who it is, and nearly every one what that person's roles are.
_FIELDS = [field.attname for field in User._meta.concrete_fields]
_WHO = f"""
SELECT {", ".join(_FIELDS)}, (SELECT json_object_agg(company_id, role)
  FROM access_membership WHERE user_id = access_user.id)
FROM access_user WHERE id = %s
"""  # noqa: S608  # names of our own model


class RoleBackend(ModelBackend, AxesStandaloneBackend):  # type: ignore[misc]  # axes: untyped
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> Any:
        """The person, or None. Raises PermissionDenied while name or address is locked out."""
        # Without a request nobody knocks from outside: the command line and tests.
        if request is not None:
            AxesStandaloneBackend.authenticate(self, request, username, password, **more)
        return ModelBackend.authenticate(self, request, username, password, **more)

    def get_user(self, user_id: Any) -> Any:
        """Whose session it is; nobody's while a required second factor is missing.

        Pages, sockets, streams and the API all ask here: so such a session opens none of them,
        also when it was begun before the second factor was required.
        """
        user = _read(user_id)
        if user is None or not self.user_can_authenticate(user) or is_missing(user):
            return None
        return user

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return set()
        roles = roles_by_company(user_obj)
        if obj is not None:
            company = company_of(obj)
            roles = {key: role for key, role in roles.items() if company and key == company.pk}
        found: set[str] = set().union(*(ROLES[role] for role in roles.values()))
        return found & ROLES[user_obj.cap] if user_obj.cap else found

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        prefix = f"{app_label}."
        return any(name.startswith(prefix) for name in self.get_all_permissions(user_obj))


def company_of(thing: Any) -> Company | None:
    if isinstance(thing, Company):
        return thing
    company: Company | None = getattr(thing, "company", None)
    return company


def _read(user_id: Any) -> User | None:
    """The person, with the roles remembered for this request."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO, [user_id])
        row = cursor.fetchone()
    if row is None:
        return None
    *values, roles = row
    user = User.from_db(connection.alias, _FIELDS, values)
    remember(user, {int(company): role for company, role in (roles or {}).items()})
    return user
