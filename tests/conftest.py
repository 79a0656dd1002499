"""What all tests share."""

import atexit
import gc
import os
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker

from access import headfile
from tests.template_database import copy_instead_of_migrating
from tests.web import web_server

if TYPE_CHECKING:
    from tests.storage.buckets import Server

# Imported by each folder's own conftest it would be another one there, and a process more.
__all__ = ["web_server"]

# Made once by `migrate`; Django's own flush empties them too, and fills them again each time.
KEPT = frozenset({"django_content_type", "auth_permission", "django_migrations"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each worker whose tests ask a web server starts one: so one worker has them all."""
    for item in items:
        asks = "web_server" in getattr(item, "fixturenames", ())
        if asks and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("web"))


def pytest_collection_finish() -> None:
    """What was imported stays: to look through it for garbage all the time is a tenth of a run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    # Nor when all ends, where nobody needs the memory.
    atexit.register(gc.freeze)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,  # names the database of each worker
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """What pytest-django asks before it makes a test database."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        with django_db_blocker.unblock():
            copy_instead_of_migrating()


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """After a test with real transactions only what holds rows is emptied.

    Django's flush truncates every table and runs `post_migrate` for every app: nearly half a
    second for each of many hundred tests. It would also connect anew for each, and a server's
    new process reads first what tables there are: 34 ms of CPU.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: empty_tables())
        patch.setattr(TransactionTestCase, "_should_reload_connections", lambda _self: False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quick_hashing() -> Iterator[None]:
    """The real hasher takes its time on purpose; tests/access/test_lockout asks for that one."""
    with override_settings(PASSWORD_HASHERS=["tests.quick_hashing.QuickHasher"]):
        yield


def empty_tables() -> None:
    if not connection.get_autocommit() or not connection.is_usable():
        connection.close()
    with connection.cursor() as cursor:
        cursor.execute(_filled_tables())
        filled = [row[0] for row in cursor.fetchall()]
        # Neither the order of the keys nor the audit's own trigger stands in the way.
        cursor.execute("SET session_replication_role = replica")
        try:
            for table in filled:
                cursor.execute(f"DELETE FROM {table}")
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")
        # The connection goes on to the next test: with no lock, and hearing nothing.
        cursor.execute("SELECT pg_advisory_unlock_all()")
        cursor.execute("UNLISTEN *")
    # With its entries the audit's end goes, too: else it counts as lost.
    headfile.path().unlink(missing_ok=True)


@cache
def _filled_tables() -> str:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})"
        for table in (connection.ops.quote_name(name) for name in names if name not in KEPT)
    )


@pytest.fixture(scope="session")
def s3_server() -> Iterator["Server"]:
    """One for all tests of a process; its tests stand in the group "s3", so there is one in all."""
    from tests.storage.buckets import Server

    server = Server()
    yield server
    server.stop()
