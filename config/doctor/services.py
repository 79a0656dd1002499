"""Checks of what Holdfast runs on: PostgreSQL, its migrations and clock, Redis, mail."""

import smtplib
import time
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from config.doctor.results import Examination, Result, bad, ok, warning

LARGEST_CLOCK_SKEW = timedelta(seconds=5)
OLDEST_POSTGRES = 14


def check_postgres(examination: Examination) -> Iterator[Result]:
    embedded = not examination.environment.database_url
    where = _("embedded") if embedded else "DATABASE_URL"
    if examination.database_error is not None:
        mend = (
            _("Start Holdfast: make run") if embedded else _("Check DATABASE_URL and the server.")
        )
        yield bad("postgresql", f"{where}: {examination.database_error}", mend)
        return
    number = connection.cursor().connection.info.server_version
    version = f"{number // 10000}.{number % 10000}"
    if number // 10000 < OLDEST_POSTGRES:
        yield bad(
            "postgresql",
            f"{where}, {version}",
            _("Holdfast needs PostgreSQL %s or newer.") % OLDEST_POSTGRES,
        )
    else:
        yield ok("postgresql", f"{where}, {version}")


def check_migrations(examination: Examination) -> Iterator[Result]:
    if examination.database_error is not None:
        return
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        yield bad(
            "migrations",
            _("%s migrations are not applied.") % len(missing),
            _("Run: manage.py migrate (`up` does it at every start)"),
        )
    else:
        yield ok("migrations", _("all applied"))


def check_clock(examination: Examination) -> Iterator[Result]:
    if examination.database_error is not None:
        return
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        [told] = cursor.fetchone() or [before]
        after = time.time()
    skew = timedelta(seconds=abs(float(told) - (before + after) / 2))
    found = _("the database's clock differs by %s s") % f"{skew.total_seconds():.2f}"
    if skew > LARGEST_CLOCK_SKEW:
        yield warning("clock", found, _("Synchronise the clocks of both machines (NTP)."))
    else:
        yield ok("clock", found)


def check_redis(examination: Examination) -> Iterator[Result]:
    import redis

    embedded = not examination.environment.redis_url
    where = _("embedded") if embedded else "REDIS_URL"
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5)
    try:
        about = client.info("server")
    except redis.RedisError as error:
        mend = _("Start Holdfast: make run") if embedded else _("Check REDIS_URL and the server.")
        yield bad("redis", f"{where}: {error}", mend)
    else:
        # The stubs know one method for both the blocking and the asyncio client.
        version = about["redis_version"] if isinstance(about, dict) else "?"
        yield ok("redis", f"{where}, {version}")
    finally:
        client.close()


def check_mail(examination: Examination) -> Iterator[Result]:
    if not examination.environment.email_url:
        yield warning(
            "mail",
            _("No mail server is set: nobody is told by mail when a backup fails."),
            _("Set HOLDFAST_EMAIL_URL, for example smtp+tls://USER:PASSWORD@HOST:587"),
        )
        return
    mail = get_connection()
    try:
        mail.open()
    except (OSError, smtplib.SMTPException) as error:
        yield bad("mail", str(error), _("Check HOLDFAST_EMAIL_URL and the mail server."))
    else:
        mail.close()
        yield ok("mail", _("the mail server answers"))
