"""The Django admin: what each role finds there, and that its changes go through the services."""

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.urls import reverse

from access.models import Membership, User
from access.roles import Role
from access.services import create_agent
from backups.models import Backup, Database, LevelResult
from monitoring.alerts.models import Alert
from monitoring.alerts.services import open_alert
from monitoring.events.models import Event
from monitoring.files.models import LogLine, Step
from monitoring.heartbeats.services import beat
from storage.models import StoredObject
from tests.cast import (
    Login,
    admin,
    company,
    database,
    login,
    make_backup,
    operator,
    storage_target,
    stranger,
    superuser,
)

__all__ = [
    "admin",
    "company",
    "database",
    "login",
    "operator",
    "storage_target",
    "stranger",
    "superuser",
]

django_admin.autodiscover()
OURS = {"access", "storage", "monitoring", "backups", "restores", "django_q"}
MODELS = [model for model in django_admin.site._registry if model._meta.app_label in OURS]
RECORDS = {
    "backup", "backupschedule", "duetime", "cleanup", "levelresult", "check", "recoverykey",
    "trackedfile", "stage", "step", "logline", "event", "alert", "delivery", "maintenancewindow",
    "storedobject", "orphan", "copy", "restore", "receivedfile", "auditentry", "heartbeat",
    "failure", "ormq", "backupentry", "agentwatch",
}  # fmt: skip
PASSWORD_FIELDS = {"host": "127.0.0.1", "port": 1, "database_name": "x", "username": "u"}


def url(model: Any, view: str = "changelist", *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}", args=args)


@pytest.fixture
def furnished(database: Database) -> Backup:
    """One row of everything that belongs to the company."""
    backup = make_backup(database)
    stored = StoredObject.objects.create(
        company=backup.company, target=backup.storage, key="orders/1", size=10, sha256="ab" * 32
    )
    backup.stored_objects.add(stored)
    LevelResult.objects.create(backup=backup, stored=stored, level="checksum", passed=True)
    file = backup.file
    assert file is not None
    Step.objects.create(stage=file.stages.all()[0], status="completed", message="orders: 3 rows")
    LogLine.objects.create(file=file, message="reading orders", source="pg_dump")
    open_alert(key="failed:1", company=file.company, subject="orders was lost", thing=file)
    beat(name="tick")
    return backup


def test_every_model_of_ours_is_there() -> None:
    names = {model._meta.model_name for model in MODELS}
    assert names == RECORDS | {
        "channel", "user", "company", "membership", "agent", "token", "storagetarget", "database",
        "expectedbackupjob",
    }  # fmt: skip


@pytest.mark.parametrize("app", sorted(OURS))
def test_lists_search_and_forms_open(
    login: Login, superuser: User, furnished: Backup, app: str
) -> None:
    create_agent(name="till", company=furnished.company, actor=superuser)
    client = login(superuser)
    for model in (one for one in MODELS if one._meta.app_label == app):
        name = model._meta.model_name
        assert client.get(url(model)).status_code == 200, name
        assert client.get(url(model), {"q": "orders"}).status_code == 200, name
        row = model._default_manager.first()
        if row is not None:
            assert client.get(url(model, "change", row.pk)).status_code == 200, name
        expected = 403 if name in RECORDS else 200
        assert client.get(url(model, "add")).status_code == expected, name


def test_records_cannot_be_changed_or_deleted_even_by_a_superuser(
    login: Login, superuser: User, furnished: Backup
) -> None:
    client = login(superuser)
    assert furnished.file is not None
    for row in (furnished, furnished.file, furnished.stored_objects.get()):
        assert client.post(url(row, "change", row.pk), {"comment": "x"}).status_code == 403
        assert client.post(url(row, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert Backup.objects.filter(pk=furnished.pk).exists()


def test_staff_sees_the_rows_of_its_companies_only(
    login: Login, admin: User, stranger: User, furnished: Backup
) -> None:
    assert furnished.file is not None
    own, others = login(admin), login(stranger)
    for row in (
        furnished, furnished.database, furnished.file, furnished.storage,
        furnished.stored_objects.get(), Step.objects.get(), LogLine.objects.get(),
        Alert.objects.get(),
    ):  # fmt: skip
        assert str(row) in own.get(url(row)).content.decode()
        assert own.get(url(row, "change", row.pk)).status_code == 200
        assert str(row) not in others.get(url(row)).content.decode()
        # Django leads away from a row that the person cannot find.
        assert others.get(url(row, "change", row.pk)).status_code == 302


def test_staff_sees_the_events_of_its_companies_only(
    login: Login, admin: User, stranger: User, furnished: Backup
) -> None:
    event = Event.objects.latest("id")
    assert str(event.subject) in login(admin).get(url(Event)).content.decode()
    assert str(event.subject) not in login(stranger).get(url(Event)).content.decode()
    assert login(stranger).get(url(event, "change", event.pk)).status_code == 302


def test_a_file_shows_its_newest_steps_and_lines_only(
    login: Login, admin: User, furnished: Backup
) -> None:
    file = furnished.file
    assert file is not None
    stage = file.stages.all()[0]
    Step.objects.bulk_create(
        Step(stage=stage, status="completed", message=f"step no. {number}.")
        for number in range(200)
    )
    LogLine.objects.bulk_create(
        LogLine(file=file, message=f"line no. {number}.", source="x") for number in range(200)
    )
    client = login(admin)
    html = client.get(url(file, "change", file.pk)).content.decode()
    assert "step no. 199." in html
    assert "line no. 199." in html
    assert "line no. 150." in html
    assert "line no. 149." not in html
    html = client.get(url(stage, "change", stage.pk)).content.decode()
    assert "step no. 150." in html
    assert "step no. 149." not in html


def test_an_administrator_here_may_be_a_viewer_there(
    login: Login, admin: User, stranger: User, database: Database
) -> None:
    Membership.objects.create(user=stranger, company=database.company, role=Role.VIEWER)
    form = {
        **PASSWORD_FIELDS,
        "name": "stolen",
        "tls_mode": "prefer",
        "drill_every": "1",
        "proof_days": "30",
        "password": "new",
    }
    path = url(Database, "change", database.pk)
    assert login(stranger).get(path).status_code == 200
    assert login(stranger).post(path, form).status_code == 403
    assert login(admin).post(path, form).status_code == 302


def test_superusers_things_are_closed_to_other_staff(
    login: Login, admin: User, superuser: User
) -> None:
    for model in MODELS:
        if model._meta.model_name in {"user", "heartbeat", "failure", "ormq"}:
            assert login(admin).get(url(model)).status_code == 403
            assert login(superuser).get(url(model)).status_code == 200


def test_who_is_not_staff_is_not_let_in(login: Login, operator: User) -> None:
    answer = login(operator).get("/admin/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
