"""Django's permission checks, answered from the role table.

Pages, templates and the admin ask `user.has_perm`; nothing is copied into groups, so no
second truth can drift from `access.roles`.
"""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from access.models import Company, Membership, User
from access.roles import ROLES


class RoleBackend(ModelBackend):
    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not isinstance(user_obj, User) or not user_obj.is_active:
            return set()
        memberships = Membership.objects.filter(user=user_obj)
        if obj is not None:
            memberships = memberships.filter(company=company_of(obj))
        roles = memberships.values_list("role", flat=True)
        return set().union(*(ROLES[role] for role in roles))

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
