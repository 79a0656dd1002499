"""Sessions in their table, as Django keeps them; each request reads one, in plain SQL.

To put the same query together anew takes longer than the database needs to answer it.
"""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import connection
from django.utils import timezone

_READ = """
SELECT session_data, expire_date FROM django_session
WHERE session_key = %s AND expire_date > %s
"""


class SessionStore(DatabaseStore):
    def _get_session_from_db(self) -> Any:
        key = self.session_key or ""
        with connection.cursor() as cursor:
            cursor.execute(_READ, [key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        found, expires = row
        return self.model(session_key=key, session_data=found, expire_date=expires)
