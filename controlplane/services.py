"""Verbs on the sets: ask for one, make it, keep the newest, tell when they are old.

A session lock of PostgreSQL says that somebody is at work: it ends with the worker, however
that ends. So a running row without the lock is a lost one.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog
from django.db import connection, transaction
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from access import audit
from access.policy import Actor, System
from access.redaction import redact
from backups.errors import AlreadyRunning, BackupError, NotFound
from backups.queueing import QUEUE
from backups.recovery.services import require_manager
from controlplane.files import Names
from controlplane.making import make_set
from controlplane.models import ControlSet
from controlplane.selectors import OLDEST, kept_sets, own_target, standing
from faults import reach
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.queue.selectors import tasks_wait
from storage.errors import StorageError
from storage.models import StorageTarget
from storage.services import delete_bytes

log = structlog.get_logger(__name__)

LOCK = 0x6974736C
KEPT = 7
EVERY = timedelta(days=1)
# The first start has better things to do than to secure what it has not got yet.
FIRST_AFTER = timedelta(minutes=15)
AGAIN_AFTER = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(days=90)
TICK = System("tick")
Status = ControlSet.Status
ACTIVE = (Status.PENDING, Status.RUNNING)


def request_set(*, actor: Actor, target: StorageTarget | None = None) -> ControlSet:
    """Queue a set. Raises NotAllowed, NotFound where there is no storage, AlreadyRunning."""
    require_manager(actor)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 1)", [LOCK])
        if ControlSet.objects.filter(status__in=ACTIVE).exists():
            raise AlreadyRunning(_("A set waits or runs already."))
        chosen = target or own_target()
        if chosen is None:
            raise NotFound(_("There is no storage for it; see HOLDFAST_OWN_STORAGE."))
        row = ControlSet.objects.create(target=chosen)
        audit.record(actor=actor, action="holdfast.backup_requested", thing=row)
        enqueue(row)
    return row


def enqueue(row: ControlSet) -> None:
    async_task("controlplane.tasks.make_control_set", str(row.pk), cluster=QUEUE, group="itself")


def run_set(*, set_id: uuid.UUID) -> None:
    """Make it, unless somebody does or did. Its failures end in its row."""
    with _at_work() as alone:
        if not alone:
            return
        waiting = ControlSet.objects.filter(pk=set_id, status=Status.PENDING)
        if not waiting.update(status=Status.RUNNING, started_at=Now()):
            return
        row = ControlSet.objects.select_related("target__company").get(pk=set_id)
        reach("control.claimed")
        try:
            made = make_set(row)
        except BackupError as error:
            _fail(row, error.code, str(error))
            return
        except Exception as error:
            log.exception("control_set_broke", set=str(row.pk))
            _fail(row, BackupError.code, type(error).__name__)
            return
        with transaction.atomic():
            ControlSet.objects.filter(pk=row.pk, status=Status.RUNNING).update(
                status=Status.COMPLETED,
                completed_at=Now(),
                key=made.key,
                size_bytes=made.size,
                manifest_sha256=made.manifest_sha256,
            )
            audit.record(actor=System("worker"), action="holdfast.backed_up", thing=row)
            resolve_alert(key="holdfast.backup_failed")
            resolve_alert(key="holdfast.backup_old")
        reach("control.committed")


def look_after_sets() -> None:
    """A duty of the tick: each part is safe to repeat and to be killed in."""
    _end_lost()
    _ask_when_due()
    _wake_forgotten()
    _forget_older()
    _purge_forgotten()
    _tell_when_stale()


def _end_lost() -> None:
    with _at_work() as alone:
        if not alone:
            return
        for row in ControlSet.objects.filter(status=Status.RUNNING).select_related("target"):
            _fail(row, "worker_lost", _("Its worker was lost."))


def _ask_when_due() -> None:
    rows = ControlSet.objects.order_by("-created_at")
    recent = rows.filter(created_at__gt=Now() - AGAIN_AFTER, created_at__lte=Now())
    done = rows.filter(
        status=Status.COMPLETED, completed_at__gt=Now() - EVERY, completed_at__lte=Now()
    )
    target = own_target()
    if target is None or done.exists() or recent.exists():
        return
    is_new = type(target.company).objects.filter(created_at__lt=Now() - FIRST_AFTER)
    if is_new.exists() and not rows.filter(status__in=ACTIVE).exists():
        request_set(actor=TICK)


def _wake_forgotten() -> None:
    if tasks_wait(QUEUE):
        return
    for row in ControlSet.objects.filter(status=Status.PENDING)[:1]:
        enqueue(row)


def _forget_older() -> None:
    older = kept_sets().values_list("pk", flat=True)[KEPT : KEPT + 100]
    ControlSet.objects.filter(pk__in=list(older)).update(forgotten_at=Now())


def _purge_forgotten() -> None:
    rows = ControlSet.objects.filter(forgotten_at__isnull=False, purged_at=None)
    for row in rows.select_related("target")[:20]:
        try:
            for key in Names.of(row.pk, row.created_at).all:
                # The manifest first: what has none is no set.
                delete_bytes(target=row.target, key=key)
                reach("control.removing")
        except StorageError as error:
            log.warning("control_set_stays", set=str(row.pk), error=str(error))
            continue
        ControlSet.objects.filter(pk=row.pk).update(purged_at=Now())
    ControlSet.objects.filter(purged_at__lt=Now() - FORGOTTEN_AFTER).delete()


def _tell_when_stale() -> None:
    if not standing().is_stale:
        resolve_alert(key="holdfast.backup_old")
        return
    open_alert(
        key="holdfast.backup_old",
        company=None,
        severity=Alert.Severity.CRITICAL,
        subject=_("Holdfast itself has no backup of the last %d days") % OLDEST.days,
        text=_("Without one, a lost machine takes schedules, people, keys and records with it."),
        url=reverse("controlplane:sets"),
    )


@transaction.atomic
def _fail(row: ControlSet, code: str, said: str) -> None:
    ControlSet.objects.filter(pk=row.pk).update(
        status=Status.FAILED,
        completed_at=Now(),
        error_code=code,
        error=redact(said),
        forgotten_at=Now(),
    )
    audit.record(
        actor=System("worker"), action="holdfast.backup_failed", thing=row, changes={"code": code}
    )
    open_alert(
        key="holdfast.backup_failed",
        company=None,
        severity=Alert.Severity.CRITICAL,
        subject=_("The backup of Holdfast itself failed"),
        text=said,
        url=reverse("controlplane:sets"),
        thing=row,
        occurrence=str(row.pk),
    )


@contextmanager
def _at_work() -> Iterator[bool]:
    """Whether nobody else is; for the length of the block nobody else will be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK])
        row = cursor.fetchone()
    alone = bool(row and row[0])
    try:
        yield alone
    finally:
        if alone and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [LOCK])
