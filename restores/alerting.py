"""What is to be told of restores besides their ends: see `restores.outcome` for those."""

from monitoring.alerts.services import resolve_gone
from restores.models import Restore


def end_answered_approvals() -> None:
    """What nobody has to approve any more, however it was answered, is no alert."""
    waiting = Restore.objects.filter(status=Restore.Status.AWAITING_APPROVAL)
    resolve_gone(
        rule="restore.awaits_approval",
        still=lambda ids: {
            str(pk) for pk in waiting.filter(pk__in=ids).values_list("pk", flat=True)
        },
    )
