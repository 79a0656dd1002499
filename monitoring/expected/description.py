"""Jobs in the shape of the documented API (entries: `entry_texts`). Moments in UTC, with a `Z`."""

from datetime import UTC, datetime, time
from typing import Any

from monitoring.expected.fields import FIELDS
from monitoring.expected.models import ExpectedBackupJob


def iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def describe_job(job: ExpectedBackupJob, *, ping_url: str | None = None) -> dict[str, Any]:
    """`ping_url` is for who may change the job: who has it may speak for it."""
    found: dict[str, Any] = {"id": job.pk, "company_name": job.company.name}
    found.update({name: as_given(getattr(job, name)) for name in FIELDS})
    found.update(
        cron=job.cron or None,
        current_status=job.current_status,
        last_checked_at=iso(job.last_checked_at),
        last_success_at=iso(job.last_success_at),
        next_expected_at=iso(job.next_expected_at) if job.is_active else None,
        is_too_old=job.is_too_old,
        acknowledged_at=iso(job.acknowledged_at),
        acknowledged_by=job.acknowledged_by or None,
        snoozed_until=iso(job.snoozed_until),
        created_at=iso(job.created_at),
    )
    return {**found, "ping_url": ping_url}


def as_given(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return f"{value:%H:%M}" if isinstance(value, time) else value
