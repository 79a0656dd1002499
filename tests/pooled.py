"""The data plane's threads keep their connections between two requests, as the web server's pool
does. A server's new process reads first what tables there are: 34 ms of processor for each."""

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from uploads.ingest import threads


class Pool:
    """Where `threads` gives its connections back, each of the thread that does."""

    def __init__(self) -> None:
        self.held: set[BaseDatabaseWrapper] = set()

    def close(self) -> None:
        mine = connections[DEFAULT_DB_ALIAS]
        mine.close_at = None
        mine.close_if_unusable_or_obsolete()
        self.held.add(mine)

    def empty(self) -> None:
        for connection in self.held:
            connection.inc_thread_sharing()
            connection.close()
            connection.dec_thread_sharing()


@pytest.fixture
def pooled(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pool = Pool()
    monkeypatch.setattr(threads, "connection", pool)
    yield
    pool.empty()
