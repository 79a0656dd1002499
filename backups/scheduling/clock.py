"""The one clock of schedules and retention: the database's."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """The moment, also within a long transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found
