"""Verbs on tokens: a person's own, and those of agents. The text is returned once, never kept."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from access import audit
from access.models import Company, Membership, Token, User
from access.policy import Actor, NotAllowed, require
from access.roles import ROLES

# The old token of a rotation answers so long: time to carry the new one to its machine.
OVERLAP = timedelta(hours=24)
MOST_OF_A_PERSON = 50


class TokenError(Exception):
    """What was asked for cannot be; the message says why."""

    code = "token_refused"


def tokens_of(user: User) -> QuerySet[Token]:
    """Those that still open something, newest first."""
    living = Q(expiry=None) | Q(expiry__gt=Now())
    found: QuerySet[Token] = Token.objects.filter(living, user=user).order_by("-created")
    return found


def forget_expired_tokens() -> int:
    """Delete what opens nothing any more. A duty of the tick."""
    count: int = Token.objects.filter(expiry__lt=Now()).delete()[0]
    return count


def scopes_for(user: User) -> list[str]:
    """The roles that a token of the person can be limited to: those at most their own."""
    if user.is_superuser:
        return list(ROLES)
    own = Membership.objects.filter(user=user).values_list("role", flat=True)
    granted: frozenset[str] = frozenset().union(*(ROLES[role] for role in own))
    return [role for role, permissions in ROLES.items() if permissions <= granted]


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    actor: Actor,
    lifetime: timedelta | None = None,
    scope: str = "",
) -> str:
    """Make a token for a user and return its text, which cannot be had again.

    `scope` is a role that the token is limited to; empty means all that its bearer may.
    Raises NotAllowed, TokenError.
    """
    if isinstance(actor, User) and actor != user:
        _require_over(actor, user)
    if scope and scope not in scopes_for(user):
        raise TokenError(_("A token cannot do more than its bearer."))
    if user.kind == User.Kind.PERSON and tokens_of(user).count() >= MOST_OF_A_PERSON:
        raise TokenError(_("There are too many tokens. Revoke one that is not used."))
    token, text = Token.objects.create(user=user, expiry=lifetime, name=name, scope=scope)
    changes = {"user": str(user), "scope": scope, "expiry": str(token.expiry or "")}
    audit.record(
        actor=actor, action="token.created", thing=token, company=_company_of(user),
        changes=changes,
    )  # fmt: skip
    return str(text)


@transaction.atomic
def revoke_token(*, token: Token, actor: Actor) -> None:
    """End a token at once. Raises NotAllowed."""
    if actor != token.user:
        _require_over(actor, token.user)
    audit.record(
        actor=actor, action="token.revoked", thing=token, company=_company_of(token.user),
        changes={"user": str(token.user)},
    )  # fmt: skip
    token.delete()


@transaction.atomic
def rotate_token(*, token: Token, actor: Actor, overlap: timedelta = OVERLAP) -> str:
    """A new token in place of an old one: same name, scope and lifetime.

    The old one answers for `overlap` longer, but not beyond its own expiry. Raises NotAllowed.
    """
    if actor != token.user:
        _require_over(actor, token.user)
    token = Token.objects.select_for_update().get(pk=token.pk)
    lifetime = token.expiry - token.created if token.expiry else None
    made, text = Token.objects.create(
        user=token.user, expiry=lifetime, name=token.name, scope=token.scope
    )
    end = timezone.now() + overlap
    token.expiry = min(end, token.expiry) if token.expiry else end
    token.save(update_fields=["expiry"])
    audit.record(
        actor=actor, action="token.rotated", thing=made, company=_company_of(token.user),
        changes={"replaces": token.token_key, "until": str(token.expiry)},
    )  # fmt: skip
    return str(text)


def _company_of(user: User) -> Company | None:
    agent = getattr(user, "agent", None)
    return agent.company if agent else None


def _require_over(actor: Actor, user: User) -> None:
    """Agents' tokens are the business of their company's administrators, people's their own."""
    if actor.is_superuser:
        return
    company = _company_of(user)
    if company is None:
        raise NotAllowed(_("A person's tokens are their own."))
    require(actor, "access.change_agent", company)
