"""The rules that look at what is so, once in a minute: an explicit list, by the tick.

What happens at a moment (a run that failed) says so itself, in its transaction.
"""

import time
from collections.abc import Callable

import structlog
from django.db import connection

from backups.alerting import (
    alert_broken_promises,
    alert_missing_copies,
    alert_old_proofs,
    end_alerts_of_what_is_gone,
)
from config.audit_watch import alert_lost_audit
from monitoring.alerts.rules import alert_full_disk, alert_full_storages, alert_silent_queues
from monitoring.expected.lost_agents import alert_lost_agents
from monitoring.expected.telling import count_failures
from restores.alerting import end_answered_approvals

log = structlog.get_logger(__name__)

EVERY_SECONDS = 60.0
RULES: tuple[Callable[[], object], ...] = (
    alert_broken_promises,
    alert_old_proofs,
    alert_missing_copies,
    end_alerts_of_what_is_gone,
    end_answered_approvals,
    alert_full_storages,
    alert_full_disk,
    alert_silent_queues,
    alert_lost_agents,
    count_failures,
    alert_lost_audit,
)

_looked: list[float] = []


class RuleFailed(Exception):
    """Some rules could not look; the others did."""


def look_at_rules() -> None:
    """A duty of the tick. A rule that fails does not keep the others from looking."""
    now = time.monotonic()
    if _looked and now - _looked[-1] < EVERY_SECONDS:
        return
    failed = [rule.__name__ for rule in RULES if not _look(rule)]
    if failed:
        raise RuleFailed(", ".join(failed))
    _looked[:] = [now]


def _look(rule: Callable[[], object]) -> bool:
    try:
        rule()
    except Exception:
        log.exception("alert_rule_failed", rule=rule.__name__)
        connection.close()
        return False
    return True
