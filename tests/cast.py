"""The named cast of the tests: who they are, what they may, and what there is to see.

Import the fixtures you need into a conftest or a test module.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib import auth
from django.db import connection
from django.test import Client
from django.utils import timezone

from access import reauthentication, sessions
from access.models import Company, LoginSession, Membership, User
from access.roles import Role
from access.session_store import SessionStore
from backups.models import Backup, Database
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.services import open_file
from storage.models import StorageTarget

PASSWORD = "correct horse battery"


def person(name: str, company: Company, role: str, **more: Any) -> User:
    user = User.objects.create_user(name, password=PASSWORD, **more)
    Membership.objects.create(user=user, company=company, role=role)
    return user


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(name="Acme")


@pytest.fixture
def viewer(company: Company) -> User:
    return person("vera", company, Role.VIEWER)


@pytest.fixture
def operator(company: Company) -> User:
    return person("otto", company, Role.OPERATOR)


@pytest.fixture
def admin(company: Company) -> User:
    """An administrator of one company, let into the Django admin too."""
    return person("ada", company, Role.ADMIN, is_staff=True)


@pytest.fixture
def agent(company: Company) -> User:
    return person("agent:till", company, Role.AGENT, kind=User.Kind.AGENT)


@pytest.fixture
def stranger(db: None) -> User:
    """An administrator, of another company."""
    return person("stan", Company.objects.create(name="Elsewhere"), Role.ADMIN, is_staff=True)


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def storage_target(company: Company, tmp_path: Path) -> StorageTarget:
    target: StorageTarget = StorageTarget.objects.create(
        company=company, name="vault", options={"folder": str(tmp_path)}, is_default=True
    )
    return target


@pytest.fixture
def database(company: Company, storage_target: StorageTarget) -> Database:
    """The test database itself: a server that answers."""
    here = connection.settings_dict
    database = Database(
        company=company,
        name="orders",
        host=here["HOST"] or "127.0.0.1",
        port=here["PORT"] or 5432,
        database_name=here["NAME"],
        username=here["USER"],
    )
    # The test server asks for none: it knows its peers.
    database.password = "the stored password"
    database.save()
    return database


def make_backup(database: Database, *, age: timedelta = timedelta(hours=2), **facts: Any) -> Backup:
    """A backup with its tracked file, as a run would have left it."""
    began: datetime = timezone.now() - age
    file = open_file(
        kind="backup",
        company=database.company,
        name=database.name,
        original_path="",
        origin="database",
    )
    values: dict[str, Any] = {
        "status": Backup.Status.COMPLETED,
        "validation": Backup.Validation.GOOD,
        "trigger": Backup.Trigger.MANUAL,
        "name": database.name,
        "file_name": f"{database.name}_{began:%Y%m%dT%H%M%SZ}.dump.age",
        "started_at": began,
        "created_at": began,
        "storage": StorageTarget.objects.get(company=database.company),
        **facts,
    }
    if values["status"] == Backup.Status.COMPLETED:
        values.setdefault("completed_at", began + timedelta(seconds=74))
        values.setdefault("size_bytes", 2_310_000_000)
        values.setdefault("source_bytes", 12_800_000_000)
    backup: Backup = Backup.objects.create(
        company=database.company, database=database, file=file, **values
    )
    return backup


def make_running(database: Database) -> Backup:
    """A backup half way through its dump."""
    backup = make_backup(
        database,
        age=timedelta(seconds=30),
        status=Backup.Status.RUNNING,
        validation=Backup.Validation.UNCHECKED,
    )
    assert backup.file is not None
    backup.file.stages.filter(key="dump").update(
        status=Stage.Status.IN_PROGRESS,
        started_at=backup.started_at,
        progress=62,
        bytes_done=7_900_000_000,
        bytes_total=12_800_000_000,
    )
    TrackedFile.objects.filter(pk=backup.file.pk).update(
        status=TrackedFile.Status.PROCESSING, progress=43.4, started_at=backup.started_at
    )
    return backup


Login = Callable[[User], Client]


@pytest.fixture
def login() -> Login:
    """A client of its own for each person, logged in."""
    return logged_in


def logged_in(user: User) -> Client:
    """The browser of somebody who has logged in; to log in takes three times as many statements,
    and has tests of its own (tests/access)."""
    session = SessionStore()
    session[auth.SESSION_KEY] = str(user.pk)
    session[auth.BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[reauthentication.SESSION_KEY] = session[sessions.SEEN] = int(time.time())
    session.create()
    key = str(session.session_key)
    LoginSession.objects.create(session_id=key, user=user, address="127.0.0.1")
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    return client
