"""How long recordings stay: days of a company, else of the installation; and what has expired.

Nothing is removed here, see `cleanup`. The clock is the database's, from the moment at which a
recording was stored; what its sender says of its age counts for nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import (
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce, NullIf
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access import audit
from access.models import Company
from access.policy import Actor, require
from backups.errors import BadOption
from backups.retention.plan import FEW, Stop
from monitoring.alerts.services import resolve_alert
from monitoring.times.clock import CORRECTION, database_now
from storage.models import StoredObject
from uploads.models import Recording, RecordingRetention

DAY = timedelta(days=1)
MOST_DAYS = 36_500
SHOWN = 100
PERMISSION = "uploads.delete_recording"
# Each night is looked; when that was longer ago, the clock may have jumped.
STEADY = timedelta(days=3)
STOPS: dict[str, str | Promise] = {
    Stop.CLOCK_BEHIND: gettext_lazy(
        "A recording is stamped later than now: the database's clock was ahead, or is behind."
    ),
    Stop.TOO_MANY: gettext_lazy(
        "More than half of the recordings would go at once: are the days right, or has the clock"
        " jumped?"
    ),
}


@dataclass(frozen=True)
class Preview:
    """`days` 0: everything stays. `going` in the order in which they expired; `bytes` of all."""

    company: Company
    days: int
    own_days: int | None
    at: datetime
    going: QuerySet[Recording]
    count: int
    bytes: int
    stop: Stop | None

    @property
    def before(self) -> datetime:
        """What was received before that has expired."""
        return self.at - self.days * DAY

    @property
    def first(self) -> list[Recording]:
        return list(self.going.defer("thumbnail")[:SHOWN])

    @property
    def stop_words(self) -> str:
        return str(STOPS[self.stop]) if self.stop else ""


def preview_cleanup(*, company: Company, at: datetime | None = None) -> Preview:
    """What a cleanup at that moment would remove; now, when none is given."""
    moment = at or database_now()
    row = RecordingRetention.objects.filter(company=company).first()
    row = row or RecordingRetention(company=company)
    days = general_days() if row.days is None else row.days
    going = expired(company, days, moment)
    found = going.aggregate(bytes=Sum("size"))
    count = going.count()
    stop = _suspicion(company, row, count, moment) if days else None
    return Preview(company, days, row.days, moment, going, count, found["bytes"] or 0, stop)


def expired(company: Company, days: int, at: datetime) -> QuerySet[Recording]:
    """Those whose bytes were read back at their final place, and that no lock keeps there."""
    rows: QuerySet[Recording] = Recording.objects.filter(company=company, deleted_at=None)
    if not days:
        return rows.none()
    there = rows.filter(
        Q(stored__retain_until=None) | Q(stored__retain_until__lt=at),
        stored__state=StoredObject.State.STORED,
        stored__checked_at__isnull=False,
    )
    return there.filter(created_at__lt=at - days * DAY).order_by("created_at", "pk")


def with_expiry(rows: QuerySet[Recording]) -> QuerySet[Recording]:
    """Each with `expires_at`; None: it stays."""
    own = RecordingRetention.objects.filter(company=OuterRef("company_id")).values("days")[:1]
    days = NullIf(Coalesce(Subquery(own), Value(general_days())), Value(0))
    end = ExpressionWrapper(F("created_at") + days * Value(DAY), output_field=DateTimeField())
    return rows.annotate(expires_at=end)


def stopped(company: Company) -> str:
    """Why its cleanup waits for a person; empty when it does not."""
    rows = RecordingRetention.objects.filter(company=company)
    return rows.values_list("cleanup_stopped", flat=True).first() or ""


def set_retention(*, company: Company, days: int | None, actor: Actor) -> RecordingRetention:
    """0 keeps for ever; None as the installation has it. Raises NotAllowed, BadOption."""
    require(actor, PERMISSION, company)
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise BadOption("days", _("Days go from 0 to %d.") % MOST_DAYS)
    with transaction.atomic():
        RecordingRetention.objects.get_or_create(company=company)
        row: RecordingRetention = RecordingRetention.objects.select_for_update().get(
            company=company
        )
        before = row.days
        if days != before:
            # Other days: when they take more than half, a person looks first.
            row.days, row.cleaned_at = days, None
            row.save(update_fields=["days", "cleaned_at"])
            if row.cleanup_stopped:
                end_stop(row, actor)
            audit.record(
                actor=actor,
                action="recording.retention_changed",
                thing=row,
                company=company,
                changes={"before": before, "after": days},
            )
    return row


@transaction.atomic
def end_stop(row: RecordingRetention, actor: Actor) -> None:
    row.cleanup_stopped = ""
    row.save(update_fields=["cleanup_stopped"])
    resolve_alert(key=f"recordings.stopped:{row.company_id}")
    audit.record(actor=actor, action="recording.cleanup_resumed", thing=row, company=row.company)


def general_days() -> int:
    days: int = settings.ENVIRONMENT.recordings_days
    return days


def _suspicion(company: Company, row: RecordingRetention, count: int, now: datetime) -> Stop | None:
    """Whether the clock, or a slip of the hand, seems to say what goes."""
    rows = Recording.objects.filter(company=company, deleted_at=None)
    if rows.filter(created_at__gt=now + CORRECTION).exists():
        return Stop.CLOCK_BEHIND
    is_steady = row.cleaned_at is not None and abs(now - row.cleaned_at) < STEADY
    if is_steady or count <= FEW or 2 * count <= rows.count():
        return None
    return Stop.TOO_MANY
