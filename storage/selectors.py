"""Reading storage targets: everything starts from what the actor may see."""

import uuid

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from access.policy import Actor
from storage.errors import NoSuchTarget
from storage.models import StorageTarget


def list_targets(*, actor: Actor) -> QuerySet[StorageTarget]:
    rows: QuerySet[StorageTarget] = StorageTarget.objects.visible_to(actor)
    return rows.select_related("company").order_by("name", "id")


def target_for(*, actor: Actor, target_id: uuid.UUID | str) -> StorageTarget:
    """Raises NoSuchTarget, alike for a missing one and one that the actor may not see."""
    try:
        return list_targets(actor=actor).get(pk=target_id)
    except (StorageTarget.DoesNotExist, ValidationError, ValueError):
        raise NoSuchTarget(_("There is no such storage.")) from None


def target_named(*, actor: Actor, ref: str) -> StorageTarget:
    """The target of a name or an id. Raises NoSuchTarget, also for a name used twice."""
    named = list(list_targets(actor=actor).filter(name=ref.replace("\0", ""))[:2])
    if len(named) == 1:
        return named[0]
    if named:
        raise NoSuchTarget(_("Several storages have this name. Give the id."))
    return target_for(actor=actor, target_id=ref)
