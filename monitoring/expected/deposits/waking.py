"""The tick's part in deposits: wake a worker for them, for a file may take hours to be read."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django_q.tasks import async_task

from monitoring.expected.deposits.taking import take_deposits
from monitoring.heartbeats.models import Heartbeat
from monitoring.heartbeats.services import beat

EVERY = timedelta(minutes=1)
ASKED = "deposits"
QUEUE = "long"
LOCK = 0x6465706F  # one round at a time: two of them would publish the same file


def wake_deposits() -> bool:
    """Ask for a round each minute; whether one was asked for."""
    if settings.DEPOSITS_DIR is None or not settings.DEPOSITS_DIR.is_dir():
        return False
    if Heartbeat.objects.filter(name=ASKED, at__gt=Now() - EVERY).exists():
        return False
    beat(name=ASKED)
    async_task("monitoring.expected.deposits.waking.run_round", cluster=QUEUE, save=False)
    return True


def run_round() -> int:
    """What the worker does. While another round is at work, nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        [(alone,)] = cursor.fetchall()
    if not alone:
        return 0
    try:
        return take_deposits()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
