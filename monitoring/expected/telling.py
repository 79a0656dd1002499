"""Changes of state are told once each: the rows whose state is not the one people know.

What was told stands in the job's row, written in the transaction of the alert: whoever dies
between the change and the telling leaves the difference, and the next round tells it.
"""

import time
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from faults import reach
from monitoring.alerts.models import Alert, Channel
from monitoring.alerts.services import Fact, open_alerts, resolve_alerts
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.states import BAD, Status
from monitoring.times.clock import database_now

BATCH = 250
STATE = "expected.state"
# Of thousands at once the rest is told in the next rounds: the tick has other duties.
LONGEST_ROUND_SECONDS = 15.0


@dataclass(frozen=True)
class News:
    """Of a batch of jobs: what is to be told, and the keys of what is over."""

    facts: list[Fact] = field(default_factory=list)
    over: list[str] = field(default_factory=list)


def tell_changes() -> int:
    """Open an alert for what went bad and end those of what is well again. By the tick."""
    began, told = time.monotonic(), 0
    while time.monotonic() - began < LONGEST_ROUND_SECONDS:
        count = _tell_batch()
        told += count
        if count < BATCH:
            break
    return told


@transaction.atomic
def _tell_batch() -> int:
    now = database_now()
    rows = ExpectedBackupJob.objects.filter(
        ~Q(told_status=F("current_status")) | ~Q(told_too_old=F("is_too_old"))
    ).filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    jobs = list(
        rows.order_by("pk")
        .select_related("company")
        .select_for_update(of=("self",), skip_locked=True)[:BATCH]
    )
    said = _messages(jobs)
    news = News()
    for job in jobs:
        _tell(job, said.get(job.pk, ""), news)
    open_alerts(news.facts)
    resolve_alerts(news.over)
    reach("expected.told-before-commit")
    ExpectedBackupJob.objects.bulk_update(jobs, ["told_status", "told_too_old"])
    return len(jobs)


def count_failures() -> int:
    """Of jobs that stay bad each due time is one more time: for channels that wait for so many.

    Called once a minute. Nothing is counted beyond what any of them waits for.
    """
    waits = Channel.objects.filter(enabled=True, after_count__gt=1)
    most = waits.aggregate(most=Max("after_count"))["most"]
    counted, last = 0, 0
    while most is not None:
        rows = Alert.objects.open().filter(rule=STATE, count__lt=most, pk__gt=last)
        batch = list(rows.order_by("pk").values_list("pk", "object_id", "occurrence")[:BATCH])
        counted += _count_batch({int(job): at for _pk, job, at in batch})
        if len(batch) < BATCH:
            break
        last = batch[-1][0]
    return counted


@transaction.atomic
def _count_batch(known: dict[int, str]) -> int:
    """`known`: the due time that was counted last, of each job."""
    rows = ExpectedBackupJob.objects.filter(
        pk__in=known, current_status__in=BAD, told_status=F("current_status")
    )
    locked = rows.select_related("company").select_for_update(of=("self",), skip_locked=True)
    jobs = [
        job
        for job in locked.order_by("pk")
        if job.status_due_at is not None and job.status_due_at.isoformat() != known[job.pk]
    ]
    said = _messages(jobs)
    open_alerts([_state(job, said.get(job.pk, "")) for job in jobs])
    return len(jobs)


def _messages(jobs: list[ExpectedBackupJob]) -> dict[int, str]:
    """What the entry says that each job's state is of."""
    rows = BackupEntry.objects.filter(
        job__in=jobs, expected_at__in={job.status_due_at for job in jobs if job.status_due_at}
    )
    due = {job.pk: job.status_due_at for job in jobs}
    found = rows.values_list("job_id", "expected_at", "error_message")
    return {job_id: message or "" for job_id, at, message in found if due[job_id] == at}


def _tell(job: ExpectedBackupJob, said: str, news: News) -> None:
    if job.told_status != job.current_status:
        if job.current_status in BAD:
            # From one bad state to another it is told again, as the same alert.
            news.facts.append(_state(job, said, changed=job.told_status in BAD))
        elif job.told_status in BAD:
            news.over.append(key_of(job, "state"))
        job.told_status = job.current_status
    if job.told_too_old != job.is_too_old:
        words = {"name": job.database_name, "hours": job.max_age_hours}
        if job.is_too_old:
            title = _("%(name)s: no success for more than %(hours)s hours")
            news.facts.append(_fact(job, "age", title % words, text=_since(job)))
        else:
            news.over.append(key_of(job, "age"))
        job.told_too_old = job.is_too_old


def key_of(job: ExpectedBackupJob, what: str) -> str:
    """Under which what is wrong with the job is told: its `state`, or its `age`."""
    return f"expected.{what}:{job.pk}"


def _state(job: ExpectedBackupJob, said: str, *, changed: bool = False) -> Fact:
    """Each due time is one time that it happened, whatever became of it."""
    assert job.status_due_at is not None
    return _fact(
        job,
        "state",
        _subject(job),
        text=_text(job, said),
        occurrence=job.status_due_at.isoformat(),
        changed=changed,
    )


def _fact(job: ExpectedBackupJob, what: str, subject: str, **more: Any) -> Fact:
    """The one place that knows how the product tells people something."""
    return Fact(
        key=key_of(job, what),
        company=job.company,
        severity=Alert.Severity.CRITICAL if what == "state" else Alert.Severity.WARNING,
        subject=subject,
        url=reverse("dashboard:expected-job", args=[job.pk]),
        thing=job,
        recipients=job.notification_recipients,
        **more,
    )


def _subject(job: ExpectedBackupJob) -> str:
    words = {
        Status.MISSING: _("%(name)s in %(city)s: the backup is missing"),
        Status.FAILED: _("%(name)s in %(city)s: the backup failed"),
        Status.TRANSFER_INTEGRITY_FAILED: _("%(name)s in %(city)s: the backup is not whole"),
        Status.HASH_MISMATCH: _("%(name)s in %(city)s: the backup differs from what was declared"),
    }[Status(job.current_status)]
    return words % {"name": job.database_name, "city": job.city}


def _text(job: ExpectedBackupJob, said: str) -> str:
    assert job.status_due_at is not None
    due = _("Expected at %(at)s UTC from %(agent)s.") % {
        "at": f"{job.status_due_at:%Y-%m-%d %H:%M}",
        "agent": job.agent_id_responsible,
    }
    # What others said ends as they like: each stands on a line of its own.
    return "\n".join(filter(None, [due, said, _since(job)]))


def _since(job: ExpectedBackupJob) -> str:
    if job.last_success_at is None:
        return _("It has never succeeded.")
    return _("Its last success was at %(at)s UTC.") % {
        "at": f"{job.last_success_at:%Y-%m-%d %H:%M}"
    }
