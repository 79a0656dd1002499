"""A kept database goes when its date has come."""

from django.db import transaction
from django.db.models.functions import Now

from access import audit
from access.policy import System
from restores.kept.errands import BY_DATE, enqueue_errand
from restores.models import Restore


def drop_overdue() -> int:
    """Ask for it, as a person would. Called by the tick."""
    due = Restore.objects.filter(kept_until__lt=Now(), errand="").exclude(kept_name="")
    found = list(due.order_by("kept_until")[:10])
    for restore in found:
        with transaction.atomic():
            rows = Restore.objects.filter(pk=restore.pk, errand="", kept_until__lt=Now())
            taken = rows.exclude(kept_name="").update(
                errand=Restore.Errand.DROP,
                errand_by=BY_DATE,
                errand_at=Now(),
                errand_tried_at=None,
                errand_error="",
            )
            if taken:
                audit.record(
                    actor=System("tick"),
                    action="restore.kept_expired",
                    thing=restore,
                    company=restore.company,
                    changes={"kept": restore.kept_name},
                )
                enqueue_errand(restore)
    return len(found)
