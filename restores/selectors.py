"""Reading restores: everything starts from what the actor may see."""

import uuid
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from access.models import User
from access.policy import Actor
from backups.errors import NotFound
from backups.models import Backup
from restores.models import ACTIVE, Restore

MOST = 200


@dataclass(frozen=True)
class Page:
    """`next` is the id after which the next page begins, or None at the end."""

    results: list[Restore]
    next: str | None


def restore_for(*, actor: Actor, restore_id: uuid.UUID | str) -> Restore:
    """Raises NotFound, alike for a missing restore and one that the actor may not see."""
    found: Restore | None = None
    try:
        found = _rows(actor).get(pk=restore_id)
    except (Restore.DoesNotExist, ValidationError, ValueError):
        pass
    if found is None:
        raise NotFound(_("There is no such restore."))
    return found


def list_restores(*, actor: Actor, after: str = "", limit: int = 50, status: str = "") -> Page:
    """The newest first. Raises NotFound for an `after` that is not there."""
    rows = _rows(actor).order_by("-created_at", "-id")
    if status:
        rows = rows.filter(status=status)
    if after:
        last = restore_for(actor=actor, restore_id=after)
        rows = rows.filter(created_at__lte=last.created_at).exclude(
            created_at=last.created_at, pk__gte=last.pk
        )
    found = list(rows[: limit + 1])
    more = str(found[limit - 1].pk) if len(found) > limit else None
    return Page(found[:limit], more)


def awaiting_approval(*, actor: User) -> list[Restore]:
    """Those that this person may approve: where a role allows it, and another one asked."""
    rows = Restore.objects.visible_to(actor).filter(status=Restore.Status.AWAITING_APPROVAL)
    found = rows.exclude(created_by=None).exclude(created_by=actor).select_related("company")
    return [one for one in found if actor.may("restores.approve_restore", one.company)]


def any_being_restored(backups: QuerySet[Backup]) -> bool:
    theirs = Restore.objects.filter(Q(backup__in=backups) | Q(safety__in=backups))
    return theirs.filter(status__in=ACTIVE).exists()


def _rows(actor: Actor) -> QuerySet[Restore]:
    found: QuerySet[Restore] = (
        Restore.objects.visible_to(actor)
        .select_related("company", "backup__database", "received", "server", "registered")
        .select_related("created_by", "approved_by", "safety", "file")
        .prefetch_related("file__stages")
        # It holds every table's fingerprint, and nothing of it is shown.
        .defer("backup__manifest")
    )
    return found
