"""A protected database is replaced when a second administrator says so, within a day."""

from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, NotAllowed, require
from backups.errors import NotReady
from backups.models import Backup
from monitoring.files.courses import Failure
from monitoring.files.endings import end_badly
from monitoring.files.models import TrackedFile
from restores.models import Restore
from restores.queueing import enqueue
from restores.replacing.safety import begin_guarded
from restores.replacing.wanted import registered_target

APPROVED_WITHIN = timedelta(hours=24)


def approve_restore(*, restore: Restore, actor: Actor) -> None:
    """Let it begin. Raises NotAllowed, NotReady, or what the safety backup's request raises."""
    require(actor, "restores.approve_restore", restore.company)
    _still_waits(restore)
    if not isinstance(actor, User) or actor.kind != User.Kind.PERSON:
        raise NotAllowed(_("A person has to approve."))
    if restore.created_by_id is None:
        raise NotAllowed(_("Nobody knows who asked for it: cancel it, and ask as a user."))
    if restore.created_by_id == actor.pk:
        raise NotAllowed(_("Another administrator has to approve than who asked."))
    target = registered_target(restore.server, restore.target_name)
    if restore.wants_safety:
        if target is None:
            raise NotReady(_("The database is not registered here any more."))
        begin_guarded(
            target=target,
            actor=actor,
            on_made=lambda safety: _approve(restore, actor, safety),
        )
        return
    with transaction.atomic():
        _approve(restore, actor, None)
        enqueue(restore)


def expire_approvals() -> int:
    """End what nobody approved within a day. Called by the tick."""
    stale = Restore.objects.filter(
        status=Restore.Status.AWAITING_APPROVAL, created_at__lt=Now() - APPROVED_WITHIN
    )
    count = 0
    for restore in stale:
        with transaction.atomic():
            rows = TrackedFile.objects.select_for_update(of=("self",)).select_related("company")
            waiting = rows.filter(
                restore=restore,
                restore__status=Restore.Status.AWAITING_APPROVAL,
                status=TrackedFile.Status.QUEUED,
            )
            file = waiting.first()
            if file is not None:
                words = _("Nobody approved it within 24 hours.")
                end_badly(file=file, failure=Failure("approval_expired", words))
                count += 1
    return count


def _still_waits(restore: Restore) -> None:
    rows = Restore.objects.filter(
        pk=restore.pk,
        status=Restore.Status.AWAITING_APPROVAL,
        created_at__gte=Now() - APPROVED_WITHIN,
    )
    if not rows.exists():
        raise NotReady(_("This restore does not wait for an approval."))


def _approve(restore: Restore, actor: User, safety: Backup | None) -> None:
    # The file's row first, as everywhere: a cancel comes before, or finds it approved.
    TrackedFile.objects.select_for_update(of=("self",)).filter(restore=restore).first()
    _still_waits(restore)
    Restore.objects.filter(pk=restore.pk).update(
        status=Restore.Status.PENDING, approved_by=actor, approved_at=Now(), safety=safety
    )
    audit.record(actor=actor, action="restore.approved", thing=restore, company=restore.company)
