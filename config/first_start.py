"""What an installation needs before it is used: made on the first start, left alone later."""

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from access.models import Company, User

PASSWORD_BYTES = 15
ACTOR_NAME = "first start"


@dataclass(frozen=True)
class FirstStart:
    """`password` is set only when it was generated just now: it is shown once."""

    admin_name: str
    password: str | None = field(repr=False)


def prepare() -> FirstStart:
    """Make the keys, and the first company, administrator and storage target if there is none."""
    from django.db import transaction

    from backups.keyring import make_keys

    make_keys()
    with transaction.atomic():
        company = _ensure_company()
        admin, password = _ensure_admin(company)
        _ensure_target(company)
    return FirstStart(admin.get_username(), password)


def ensure_sample() -> bool:
    """Make, register and back up the sample database; whether it was made just now."""
    from config.sample import create_sample

    return bool(create_sample(company=_ensure_company()))


def _ensure_company() -> "Company":
    from django.conf import settings

    from access.models import Company

    found = Company.objects.order_by("pk").first()
    return found or Company.objects.create(name=settings.ENVIRONMENT.company)


def _ensure_admin(company: "Company") -> "tuple[User, str | None]":
    from django.conf import settings

    from access import audit
    from access.models import Membership, User
    from access.policy import System
    from access.roles import Role

    found = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if found is not None:
        return found, None
    given = settings.ENVIRONMENT.admin_password
    password = given or secrets.token_urlsafe(PASSWORD_BYTES)
    admin = User.objects.create_superuser(settings.ENVIRONMENT.admin_name, password=password)
    Membership.objects.create(user=admin, company=company, role=Role.ADMIN)
    audit.record(actor=System(ACTOR_NAME), action="user.created", thing=admin, company=company)
    return admin, None if given else password


def _ensure_target(company: "Company") -> None:
    from django.conf import settings
    from django.utils.translation import gettext as _

    from access.policy import System
    from storage.models import StorageTarget
    from storage.services import create_local_target

    if not StorageTarget.objects.exists():
        create_local_target(
            company=company,
            name=_("This machine"),
            folder=settings.PLACES.vault,
            actor=System(ACTOR_NAME),
            is_default=True,
        )
