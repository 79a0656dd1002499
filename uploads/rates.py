"""How fast a session's bytes come in: over some seconds, over its requests, and without its pauses.

An average since the beginning would tell a resumed upload as slow as its pause was long.
"""

from datetime import timedelta

from django.db.models import Case, ExpressionWrapper, F, FloatField, Q, Value, When
from django.db.models.fields import DurationField
from django.db.models.functions import Extract, Greatest, Least, Now
from django.utils import timezone

from uploads.models import UploadSession

# After so long without a byte it is a pause; and so long a change takes to be seen in full.
FRESH = timedelta(seconds=10)
SMOOTH_SECONDS = 4.0

COMING = Q(last_byte_at__gt=Now() - FRESH)


def rate_after(*, size: int, seconds: float) -> Case:
    """The session's `rate` when `size` bytes more are here; `seconds`: how long their request took
    until now. By the database's clock, which all requests share."""
    gap = Extract(
        ExpressionWrapper(Now() - F("last_byte_at"), output_field=DurationField()), "epoch"
    )
    old = Value(1.0) - Least(gap / SMOOTH_SECONDS, Value(1.0), output_field=FloatField())
    new = Value(float(size)) / Greatest(gap, Value(SMOOTH_SECONDS), output_field=FloatField())
    return Case(
        When(COMING, then=F("rate") * old + new),
        default=Value(size / max(seconds, 0.001)),
        output_field=FloatField(),
    )


def rate_of(session: UploadSession) -> float | None:
    """In bytes a second; None while nothing comes."""
    last = session.last_byte_at
    if not session.is_receiving or last is None or timezone.now() - last > FRESH:
        return None
    return session.rate
