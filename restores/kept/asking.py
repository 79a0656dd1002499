"""Asking for an undo, or for the kept database to be dropped."""

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, require
from backups.errors import NotReady
from restores.kept.errands import enqueue_errand
from restores.models import Restore
from restores.naming import kept_name


def undo_restore(*, restore: Restore, actor: Actor) -> None:
    """Give the name back to the database that had it; the restored one is kept in its turn.

    Raises NotAllowed or NotReady.
    """
    require(actor, "restores.undo_restore", restore.company)
    _ask(restore, actor, Restore.Errand.UNDO, (Restore.Status.COMPLETED,))


def confirm_restore(*, restore: Restore, actor: Actor) -> None:
    """What came is right: drop what is kept. Raises NotAllowed or NotReady."""
    require(actor, "restores.confirm_restore", restore.company)
    over = (Restore.Status.COMPLETED, Restore.Status.UNDONE)
    _ask(restore, actor, Restore.Errand.DROP, over)


@transaction.atomic
def _ask(restore: Restore, actor: Actor, errand: str, statuses: tuple[str, ...]) -> None:
    rows = Restore.objects.select_for_update(of=("self",))
    found = rows.filter(pk=restore.pk, status__in=statuses).exclude(kept_name="").first()
    if found is None:
        raise NotReady(_("Nothing is kept of this restore that could be brought back or dropped."))
    if found.errand:
        raise NotReady(_("Something is being done with the kept database already."))
    undoes = errand == Restore.Errand.UNDO
    Restore.objects.filter(pk=found.pk).update(
        errand=errand,
        errand_by=actor.get_username()[:200],
        errand_at=Now(),
        errand_tried_at=None,
        errand_name=kept_name(found.target_name, "undone", timezone.now()) if undoes else "",
        errand_error="",
    )
    audit.record(
        actor=actor,
        action="restore.undo_asked" if undoes else "restore.confirmed",
        thing=found,
        company=found.company,
        changes={"name": found.target_name, "kept": found.kept_name},
    )
    enqueue_errand(found)
