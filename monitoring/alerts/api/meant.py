"""What several bodies share: lists of names, and whose thing is meant."""

from typing import Any

from rest_framework import serializers

from access.models import Company
from access.policy import Actor
from storage.api.bodies import Text, company_for

LARGEST = 2**31 - 1
MOST_NAMES = 100
ALL = "*"


class Names(serializers.ListField):
    def __init__(self, **options: Any) -> None:
        super().__init__(child=Text(max_length=254), max_length=MOST_NAMES, **options)


def company_meant(actor: Actor, permission: str, ref: str) -> Company | None:
    """None is all of them: `*`, or nothing said by who may say so. The verb asks whether one
    may. Raises NotAllowed, BadValue."""
    if ref == ALL or (not ref and actor.is_superuser):
        return None
    return company_for(actor=actor, permission=permission, ref=ref)
