"""Somebody looks after a job, or wants to hear nothing of it: one act for it and its alerts."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.policy import Actor, require
from monitoring.alerts.owners import acknowledge_alerts_of, snooze_alerts_of
from monitoring.expected.errors import BadField, NotFound
from monitoring.expected.jobs import lock_job
from monitoring.expected.models import ExpectedBackupJob
from monitoring.times.clock import database_now

ACKNOWLEDGE = "monitoring.acknowledge_expectedbackupjob"
LONGEST_SNOOZE = timedelta(days=90)


@transaction.atomic
def acknowledge_job(*, job: ExpectedBackupJob, actor: Actor) -> ExpectedBackupJob:
    """Somebody has seen the state it is in; the next change is news again.

    Its open alerts are acknowledged with it, and no longer snoozed. Raises NotAllowed, NotFound.
    """
    require(actor, ACKNOWLEDGE, job.company)
    locked = lock_job(job.pk)
    _acknowledge(locked, actor)
    return locked


@transaction.atomic
def snooze_job(*, job: ExpectedBackupJob, actor: Actor, hours: int) -> ExpectedBackupJob:
    """Say nothing of it, nor of its open alerts, for so many hours; 0 ends that.

    What holds afterwards is told then. Raises NotAllowed, NotFound, BadField.
    """
    require(actor, ACKNOWLEDGE, job.company)
    most = LONGEST_SNOOZE // timedelta(hours=1)
    if isinstance(hours, bool) or not isinstance(hours, int) or not 0 <= hours <= most:
        raise BadField("hours", _("hours is a number from 0 to %(most)d.") % {"most": most})
    locked = lock_job(job.pk)
    _snooze(locked, database_now() + timedelta(hours=hours) if hours else None, actor)
    return locked


class JobOwner:
    """What is said of a job's alert is said of the job; who may do the one, may the other."""

    def hold(self, object_id: str) -> None:
        _found(object_id)

    def acknowledge(self, object_id: str, actor: Actor) -> None:
        job = _found(object_id)
        if job is not None:
            _acknowledge(job, actor)

    def snooze(self, object_id: str, until: datetime, actor: Actor) -> None:
        job = _found(object_id)
        if job is not None:
            _snooze(job, until, actor)


def _found(object_id: str) -> ExpectedBackupJob | None:
    """Its row, locked; none when it was deleted."""
    try:
        return lock_job(int(object_id))
    except NotFound:
        return None


def _acknowledge(job: ExpectedBackupJob, actor: Actor) -> None:
    job.acknowledged_at, job.acknowledged_by = database_now(), actor.get_username()[:200]
    job.snoozed_until = None
    job.save(update_fields=["acknowledged_at", "acknowledged_by", "snoozed_until"])
    said = {"status": job.current_status}
    audit.record(
        actor=actor, action="expected.acknowledged", thing=job, company=job.company, changes=said
    )
    acknowledge_alerts_of(thing=job, actor=actor)


def _snooze(job: ExpectedBackupJob, until: datetime | None, actor: Actor) -> None:
    job.snoozed_until = until
    job.save(update_fields=["snoozed_until"])
    said = {"until": until.isoformat() if until else None}
    audit.record(
        actor=actor, action="expected.snoozed", thing=job, company=job.company, changes=said
    )
    snooze_alerts_of(thing=job, until=until, actor=actor)
