"""An installation that took the migrations one by one is brought on by those in one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from config.places import PROJECT
from tests.running import own_database_url

OLDER = """
import sys
import django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
executor = MigrationExecutor(connection)
executor.loader = MigrationLoader(connection, replace_migrations=False)
newest = [leaf for leaf in executor.loader.graph.leaf_nodes() if "squashed" not in leaf[1]]
executor.migrate([tuple(name.split(".")) for name in sys.argv[1:]] or newest)
"""
SHAPE = """
SELECT table_name || '.' || column_name,
       concat_ws(' ', udt_name, character_maximum_length, is_nullable, column_default, is_identity)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture
def older(db: None) -> Iterator[str]:
    server = own_database_url().rpartition("/")[0]
    # The workers of a run share the server.
    name = f"older_{uuid4().hex}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as own:
        own.execute(f"CREATE DATABASE {name}")
        yield f"{server}/{name}"
        own.execute(f"DROP DATABASE {name} WITH (FORCE)")


def shape(url: str) -> dict[str, str]:
    with psycopg.connect(url) as own:
        return dict(own.execute(SHAPE).fetchall())


def run(url: str, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": settings.REDIS_URL},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([], id="all"),
        pytest.param(["backups.0005_schedules_run", "uploads.0002_has_thumbnail"], id="half"),
    ],
)
def test_its_tables_end_up_as_those_of_a_new_one(older: str, steps: list[str]) -> None:
    run(older, "-c", OLDER, *steps)
    before = shape(older)
    run(older, "manage.py", "migrate", "--verbosity", "0")
    after = shape(older)
    assert after == shape(own_database_url())
    assert (before == after) == (not steps)
    assert "[ ]" not in run(older, "manage.py", "showmigrations")
