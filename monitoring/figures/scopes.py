"""Whose files are counted: what somebody may see, as a value that can be compared and shared."""

from dataclasses import dataclass

from access.models import Membership, User
from access.policy import Actor

VIEW = "monitoring.view_trackedfile"


@dataclass(frozen=True)
class Scope:
    """As `TrackedFile.objects.visible_to`. `companies` None: all; `by`: made by this account.

    With `kinds` only files of these.
    """

    companies: tuple[int, ...] | None
    by: int | None = None
    kinds: tuple[str, ...] = ()

    def holds(self, *, company: int, by: int | None, kind: str) -> bool:
        return (
            (self.companies is None or company in self.companies)
            and (self.by is None or self.by == by)
            and (not self.kinds or kind in self.kinds)
        )


def scope_of(actor: Actor, *, kinds: tuple[str, ...] = ()) -> Scope:
    kinds = tuple(sorted(set(kinds)))
    if not isinstance(actor, User):
        return Scope(None, kinds=kinds)
    if actor.kind == User.Kind.AGENT:
        return Scope(None, by=actor.pk, kinds=kinds)
    if actor.is_superuser:
        return Scope(None if actor.cap_grants(VIEW) else (), kinds=kinds)
    theirs = Membership.objects.filter(user=actor, role__in=actor.roles_with(VIEW))
    return Scope(tuple(sorted(theirs.values_list("company_id", flat=True))), kinds=kinds)


def companies_of(scopes: list[Scope]) -> list[int] | None:
    """The companies that any of them asks for; None: all."""
    found: set[int] = set()
    for scope in scopes:
        if scope.companies is None:
            return None
        found.update(scope.companies)
    return sorted(found)
