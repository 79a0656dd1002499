"""The tick: what has to happen by itself, as an explicit list, once in a few seconds.

A process of its own under an advisory lock, not a queue schedule: it must not depend on what
it watches. Each duty is safe to run twice and to be killed in.
"""

import threading
from collections.abc import Callable

import structlog
from django.db import connection

from access.sealing import seal_audit
from access.sessions import forget_ended_sessions
from access.tokens import forget_expired_tokens
from backups.checks.queueing import make_way, wake_waiting_checks
from backups.copying.queueing import wake_waiting_copies
from backups.copying.trying import queue_copy_retries
from backups.deletion import finish_deletions
from backups.engines import sweep_drill_servers
from backups.idempotency import forget_old_answers
from backups.queueing import wake_forgotten_backups
from backups.rescan.noticing import notice_strange_manifests
from backups.rescan.registry import write_registries
from backups.retention.nightly import clean_up
from backups.scheduling.queueing import queue_due_backups
from backups.scheduling.trying import queue_retries
from backups.upkeep.ended import forget_ended_tracks
from backups.upkeep.locking import lock_new_copies
from backups.upkeep.orphans import look_for_orphans
from backups.upkeep.rechecks import queue_rechecks
from config import dead_man
from config.alert_rules import look_at_rules
from controlplane.services import look_after_sets
from monitoring.alerts.rounds import tend_alerts
from monitoring.events.services import prune_events
from monitoring.expected.contents.answering import wake_content_checks
from monitoring.expected.deposits.waking import wake_deposits
from monitoring.expected.runs import forget_old_runs
from monitoring.expected.scanning import scan_jobs
from monitoring.expected.telling import tell_changes
from monitoring.figures.folding import fold_tallies
from monitoring.files.ended import forget_ended_files
from monitoring.files.endings import reap_lost_files, remove_leftovers
from monitoring.heartbeats.services import beat
from monitoring.live.presence import forget_silent_processes
from monitoring.live.tickets import forget_old_tickets
from monitoring.queue.services import forget_lost_tasks
from restores.kept.dates import drop_overdue
from restores.kept.errands import wake_errands
from restores.queueing import wake_forgotten_restores
from restores.received.services import expire_files
from restores.replacing.approval import expire_approvals
from restores.replacing.safety import wake_guarded_restores
from storage.services import sweep_targets
from uploads.ending import expire_sessions
from uploads.queueing import wake_waiting_uploads
from uploads.recordings.cleanup import clean_all_recordings
from uploads.recordings.services import finish_recordings

log = structlog.get_logger(__name__)

EVERY_SECONDS = 5.0
LOCK = 0x486F6C64  # one tick in an installation, whatever the number of machines

DUTIES: tuple[Callable[[], object], ...] = (
    reap_lost_files,
    remove_leftovers,
    scan_jobs,
    tell_changes,
    wake_deposits,
    wake_content_checks,
    queue_due_backups,
    queue_retries,
    wake_forgotten_backups,
    make_way,
    wake_waiting_checks,
    queue_copy_retries,
    wake_waiting_copies,
    expire_approvals,
    wake_guarded_restores,
    wake_forgotten_restores,
    expire_files,
    expire_sessions,
    wake_waiting_uploads,
    drop_overdue,
    wake_errands,
    clean_up,
    finish_deletions,
    lock_new_copies,
    queue_rechecks,
    look_for_orphans,
    clean_all_recordings,
    finish_recordings,
    sweep_drill_servers,
    forget_old_answers,
    forget_lost_tasks,
    sweep_targets,
    prune_events,
    forget_ended_files,
    forget_ended_tracks,
    fold_tallies,
    forget_silent_processes,
    forget_old_tickets,
    forget_old_runs,
    seal_audit,
    forget_ended_sessions,
    forget_expired_tokens,
    look_after_sets,
    write_registries,
    notice_strange_manifests,
    look_at_rules,
    tend_alerts,
)


def run_forever(stop: threading.Event) -> None:
    """Go round until the event is set. A duty that fails is logged and tried again next time."""
    while not stop.is_set():
        if _leading():
            run_once()
        stop.wait(EVERY_SECONDS)


def run_once() -> None:
    healthy = True
    for duty in DUTIES:
        try:
            duty()
        except Exception:
            healthy = False
            log.exception("duty_failed", duty=duty.__name__)
            connection.close()
    # A tick that cannot do its work must look stale, not alive.
    if healthy:
        beat(name="tick")
        dead_man.ping()


def _leading() -> bool:
    """Whether this process holds the tick's lock; the session keeps it while it lives."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory'"
                " AND objid = %s AND pid = pg_backend_pid()) OR pg_try_advisory_lock(%s)",
                [LOCK, LOCK],
            )
            row = cursor.fetchone()
            return bool(row and row[0])
    except Exception:  # noqa: BLE001 - the database is away; the next round asks again
        connection.close()
        return False
