"""Verbs on companies, people and agents."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from access import audit, memberships
from access.models import Agent, Company, Membership, User
from access.policy import Actor, require
from access.roles import Role
from access.tokens import create_token


class AccessError(Exception):
    """What was asked for cannot be; the message says why."""

    code = "access_refused"


@transaction.atomic
def create_agent(
    *,
    name: str,
    company: Company,
    actor: Actor,
    role: str = Role.AGENT,
    lifetime: timedelta | None = None,
) -> tuple[Agent, str]:
    """Make an agent and its first token. The token's text is returned once and not kept."""
    require(actor, "access.add_agent", company)
    if Agent.objects.filter(agent_id=name).exists():
        raise AccessError(_("An agent named %(name)s exists already.") % {"name": name})
    Agent(agent_id=name, company=company).clean_fields(exclude=["user"])
    user = User(username=f"agent:{name}", kind=User.Kind.AGENT)
    user.set_unusable_password()
    user.save()
    Membership.objects.create(user=user, company=company, role=role)
    agent = Agent(user=user, company=company, agent_id=name)
    agent.full_clean()
    agent.save()
    audit.record(
        actor=actor, action="agent.created", thing=agent, company=company, changes={"role": role}
    )
    return agent, create_token(user=user, name=name, actor=actor, lifetime=lifetime)


@transaction.atomic
def set_membership(*, user: User, company: Company, role: str, actor: Actor) -> Membership:
    """Give a person a role in a company, in place of the one before."""
    require(actor, "access.change_membership", company)
    membership, _made = Membership.objects.update_or_create(
        user=user, company=company, defaults={"role": role}
    )
    memberships.forget()
    audit.record(
        actor=actor,
        action="membership.set",
        thing=membership,
        company=company,
        changes={"role": role},
    )
    return membership
