"""The cleanup of a company's recordings: what has expired is marked, each with its line in the
audit; its bytes go behind the mark, as those of one that a person deleted (`services`).
"""

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, System, require
from backups.retention.nightly import last_night
from faults import reach
from monitoring.alerts.services import open_alert
from monitoring.times.clock import CORRECTION, database_now
from uploads.models import Recording, RecordingRetention
from uploads.recordings.retention import (
    PERMISSION,
    Preview,
    end_stop,
    expired,
    general_days,
    preview_cleanup,
)

log = structlog.get_logger(__name__)

ACTOR = System("cleanup")
MARKED_AT_ONCE = 200
MOST_IN_A_ROUND = 20


def clean_recordings(
    *,
    company: Company,
    actor: Actor,
    before: datetime | None = None,
    confirmed: bool = False,
) -> int:
    """Remove what has expired; how many. With `before`, nothing that was received since then.

    `confirmed`: a person has looked at the preview, and means it although it would be stopped.
    Raises NotAllowed.
    """
    require(actor, PERMISSION, company)
    preview = preview_cleanup(company=company)
    row, _made = RecordingRetention.objects.get_or_create(company=company)
    if not confirmed and (preview.stop or row.cleanup_stopped):
        _stop(row, preview)
        if row.cleanup_stopped:
            return 0
    if row.cleanup_stopped:
        end_stop(row, actor)
    latest = min(before, preview.before) if before else preview.before
    count = 0
    while marked := _mark(company, preview.days, latest, actor):
        count += marked
        reach("upload.expired-marked")
    RecordingRetention.objects.filter(pk=row.pk).update(cleaned_at=preview.at)
    return count


def clean_all_recordings() -> int:
    """Each company once a night; how many recordings went. By the tick."""
    now = database_now()
    count = 0
    for company in list(_due(now)[:MOST_IN_A_ROUND]):
        try:
            count += clean_recordings(company=company, actor=ACTOR)
        except Exception:
            # One whose rows cannot be read must not stand before the others.
            log.exception("recordings_cleanup_broke", company=company.pk)
        RecordingRetention.objects.update_or_create(company=company, defaults={"looked_at": now})
    return count


def _due(now: datetime) -> QuerySet[Company]:
    """Where recordings expire, and nobody has looked since last night."""
    night = last_night(now)
    rows = RecordingRetention.objects.filter(company=OuterRef("pk"))
    late = Q(looked_at=None) | Q(looked_at__lt=night) | Q(looked_at__gt=now + CORRECTION)
    expires = Q(Exists(rows.filter(days__gt=0)))
    if general_days():
        expires = expires | ~Q(Exists(rows.filter(days=0)))
    there = Recording.objects.filter(company=OuterRef("pk"), deleted_at=None)
    looked = ~Exists(rows) | Exists(rows.filter(late))
    found: QuerySet[Company] = Company.objects.filter(expires, looked, Exists(there))
    return found.order_by("pk")


@transaction.atomic
def _mark(company: Company, days: int, before: datetime, actor: Actor) -> int:
    if not days:
        return 0
    rows = expired(company, days, before + timedelta(days=days)).defer("thumbnail")
    found = list(rows.select_for_update(of=("self",), skip_locked=True)[:MARKED_AT_ONCE])
    for recording in found:
        audit.record(
            actor=actor,
            action="recording.expired",
            thing=recording,
            company=company,
            changes={"size": recording.size, "sha256": recording.sha256, "days": days},
        )
    marked = Recording.objects.filter(pk__in=[one.pk for one in found])
    return int(marked.update(deleted_at=Now(), thumbnail=None))


def _stop(row: RecordingRetention, preview: Preview) -> None:
    """Nothing goes until a person has looked; but a clock that was behind is not any more."""
    was, stop = row.cleanup_stopped, str(preview.stop or "")
    if was == stop or (was and not stop and was != "clock_behind"):
        return
    if not stop:
        end_stop(row, ACTOR)
        return
    with transaction.atomic():
        row.cleanup_stopped = stop
        row.save(update_fields=["cleanup_stopped"])
        company = preview.company
        audit.record(
            actor=ACTOR,
            action="recording.cleanup_stopped",
            thing=row,
            company=company,
            changes={"why": stop, "would_go": preview.count},
        )
        open_alert(
            key=f"recordings.stopped:{company.pk}",
            company=company,
            subject=_("The cleanup of the recordings of %(name)s is stopped")
            % {"name": company.name},
            text=preview.stop_words,
            url=f"{reverse('uploads:retention')}?company={company.pk}",
            thing=row,
            occurrence=f"{preview.at:%Y%m%dT%H%M%S}",
        )
    log.warning("recordings_stopped", company=company.pk, why=stop)
