"""Who acts, and the one gate that says whether the actor may."""

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _

from access.models import Company, User


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


def require(actor: Actor, permission: str, company: Company | None = None) -> None:
    """Raises NotAllowed unless the actor's role in the company grants the permission."""
    if not actor.may(permission, company):
        raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
