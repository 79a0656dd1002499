"""Who must have a second factor, by HOLDFAST_REQUIRE_SECOND_FACTOR."""

from django.conf import settings

from access.models import Membership, SecondFactor, User
from access.roles import Role

NOBODY, ADMINS, EVERYONE = CHOICES = ("nobody", "admins", "everyone")


def is_required(user: User) -> bool:
    """Never of agents: they bear tokens and have no password to log in with."""
    wanted = settings.REQUIRE_SECOND_FACTOR
    if wanted == NOBODY or user.kind != User.Kind.PERSON:
        return False
    return wanted == EVERYONE or is_administrator(user)


def is_administrator(user: User) -> bool:
    """Whether of a company or of the installation, or let into the admin site."""
    if user.is_superuser or user.is_staff:
        return True
    return Membership.objects.filter(user=user, role=Role.ADMIN).exists()


def has_one(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def is_missing(user: User) -> bool:
    """Whether the person may do nothing before one is set up."""
    return is_required(user) and not has_one(user)
