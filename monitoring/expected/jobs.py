"""Verbs on expected backups: register, change, remove."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, companies_where, require
from monitoring.alerts.services import resolve_alert
from monitoring.expected.errors import BadField, NotFound
from monitoring.expected.fields import TIMES, assign, check_needed, parse_company, with_defaults
from monitoring.expected.models import BackupEntry, ExpectedBackupJob, new_ping_key
from monitoring.expected.plans import look_at
from monitoring.expected.states import BAD, Status
from monitoring.expected.telling import key_of
from monitoring.expected.timings import check_times, plan_of
from monitoring.times.clock import database_now

ADD, CHANGE = "monitoring.add_expectedbackupjob", "monitoring.change_expectedbackupjob"
DELETE = "monitoring.delete_expectedbackupjob"


@transaction.atomic
def create_job(*, actor: Actor, **values: Any) -> ExpectedBackupJob:
    """Expect a backup from now on. Raises NotAllowed or BadField."""
    require(actor, ADD)
    check_needed(values)
    company = company_named(actor=actor, name=values.pop("company_name"))
    job = ExpectedBackupJob(company=company)
    assign(job, values)
    check_times(job)
    _count_anew(job, database_now())
    job.save(force_insert=True)
    audit.record(actor=actor, action="expected.created", thing=job, company=company, changes=values)
    return job


@transaction.atomic
def update_job(
    *, job: ExpectedBackupJob, actor: Actor, whole: bool = False, **values: Any
) -> ExpectedBackupJob:
    """Change what is named, or with `whole` all of it. Raises NotAllowed, NotFound, BadField."""
    require(actor, CHANGE, job.company)
    locked = lock_job(job.pk)
    if whole:
        check_needed(values)
        values = with_defaults(values)
    moved = _move(locked, actor, values.pop("company_name", None))
    before = {name: getattr(locked, name, None) for name in values}
    assign(locked, values)
    check_times(locked)
    after = {
        name: getattr(locked, name) for name in values if getattr(locked, name) != before[name]
    }
    if TIMES & set(after):
        _count_anew(locked, database_now())
    if after.get("is_active") is False:
        _forget_trouble(locked)
    if after or moved:
        locked.save()
        changes = {"before": {name: before[name] for name in after}, "after": after, **moved}
        _record(actor, "expected.changed", locked, changes)
    return locked


@transaction.atomic
def delete_job(*, job: ExpectedBackupJob, actor: Actor) -> None:
    """Expect it no longer; what arrived of it is forgotten, too. Raises NotAllowed, NotFound."""
    require(actor, DELETE, job.company)
    locked = lock_job(job.pk)
    _record(actor, "expected.deleted", locked, {})
    _end_alerts(locked)
    locked.delete()


@transaction.atomic
def rotate_ping_key(*, job: ExpectedBackupJob, actor: Actor) -> ExpectedBackupJob:
    """Another ping address; the one before is nobody's at once. Raises NotAllowed, NotFound."""
    require(actor, CHANGE, job.company)
    locked = lock_job(job.pk)
    locked.ping_key = new_ping_key()
    locked.save(update_fields=["ping_key"])
    _record(actor, "expected.rotated", locked, {})
    return locked


def company_named(*, actor: Actor, name: Any) -> Company:
    """The company in which the actor may register jobs. Who manages all companies makes a new
    one by naming it: a list of customers is imported so. Raises BadField."""
    wanted = parse_company("company_name", name)
    found = companies_where(actor, ADD).filter(name=wanted).first()
    if found is not None:
        return found
    if not actor.is_superuser or not actor.may("access.add_company"):
        raise BadField("company_name", _("There is no such company for you."))
    made, is_new = Company.objects.get_or_create(name=wanted)
    if is_new:
        audit.record(actor=actor, action="company.created", thing=made, company=made)
    return made


def lock_job(job_id: int) -> ExpectedBackupJob:
    """The row, locked for the transaction. Raises NotFound."""
    rows = ExpectedBackupJob.objects.select_for_update(of=("self",)).select_related("company")
    found: ExpectedBackupJob | None = rows.filter(pk=job_id).first()
    if found is None:
        raise NotFound(_("There is no such expected backup."))
    return found


def _move(job: ExpectedBackupJob, actor: Actor, name: Any) -> dict[str, Any]:
    if name is None or name == job.company.name:
        return {}
    before, job.company = job.company.name, company_named(actor=actor, name=name)
    BackupEntry.objects.filter(job=job).update(company=job.company)
    # Those who heard of it have nothing to do with it now; those who have are told anew.
    _end_alerts(job)
    job.told_status, job.told_too_old = Status.UNKNOWN, False
    job.acknowledged_at, job.acknowledged_by, job.snoozed_until = None, "", None
    return {"company": {"before": before, "after": job.company.name}}


def _end_alerts(job: ExpectedBackupJob) -> None:
    for what in ("state", "age"):
        resolve_alert(key=key_of(job, what))


def _count_anew(job: ExpectedBackupJob, now: datetime) -> None:
    """Nothing is missing of the time before."""
    look = look_at(plan_of(job), watermark=now, now=now)
    if look.next_due is None:
        raise BadField("cron", _("It would never be due."))
    job.watermark, job.next_expected_at, job.next_check_at = now, look.next_due, look.next_look


def _forget_trouble(job: ExpectedBackupJob) -> None:
    """Nothing is expected of a paused job: what was told of it is over, and does not come back
    with it."""
    if job.current_status in BAD:
        job.current_status = Status.UNKNOWN
    job.is_too_old, job.snoozed_until = False, None
    job.acknowledged_at, job.acknowledged_by = None, ""


def _record(actor: Actor, action: str, job: ExpectedBackupJob, changes: Mapping[str, Any]) -> None:
    audit.record(actor=actor, action=action, thing=job, company=job.company, changes=dict(changes))
