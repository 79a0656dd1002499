"""Who acts, and the one gate that says whether the actor may."""

from dataclasses import dataclass
from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.models import Company, Membership, User


@dataclass(frozen=True)
class System:
    """The installation itself: the tick, the first start, the command line of its operator.

    Who can run commands on the server can read its keys anyway; a role would only pretend.
    """

    name: str
    pk: ClassVar[None] = None
    is_superuser: ClassVar[bool] = True

    def may(self, permission: str, company: Company | None = None) -> bool:  # noqa: ARG002
        return True

    def get_username(self) -> str:
        return self.name


Actor = User | System


class NotAllowed(Exception):
    """The actor's role does not permit this, on an object the actor may see."""

    code = "not_allowed"


def companies_where(actor: Actor, permission: str) -> QuerySet[Company]:
    """The companies in which the actor, by the token of this request, has the permission."""
    if actor.is_superuser or not isinstance(actor, User):
        return Company.objects.all() if actor.may(permission) else Company.objects.none()
    theirs = Membership.objects.filter(user=actor, role__in=actor.roles_with(permission))
    return Company.objects.filter(pk__in=theirs.values("company_id"))


def require(actor: Actor, permission: str, company: Company | None = None) -> None:
    """Raises NotAllowed unless the actor's role in the company grants the permission."""
    if not actor.may(permission, company):
        raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
