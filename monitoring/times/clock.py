"""The one clock of schedules, retention and expectations: the database's."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, Func

# A clock set back by no more was corrected: what was done before it counts. By more, it had been
# wrong, and the future that was dealt with is to come again.
CORRECTION = timedelta(hours=1)


def database_now() -> datetime:
    """The moment, also within a long transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


class Clock(Func):
    """The same moment within a query: `Now()` is when the transaction began."""

    function = "clock_timestamp"
    output_field = DateTimeField()
    arity = 0
