"""The pages of databases: who may add one, what its test says, and where its password goes."""

import pytest
from django.db import connection
from django.test import Client

from access.models import AuditEntry, User
from backups.models import Database
from tests.cast import Login, admin, company, database, login, operator, storage_target, stranger

__all__ = [
    "admin", "company", "database", "login", "operator", "storage_target", "stranger",
]  # fmt: skip

DATABASES = "/dashboard/databases"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


FORM = {
    "name": "billing",
    "host": "127.0.0.1",
    "port": "1",
    "database_name": "billing",
    "username": "reader",
    "password": "s3cret-in-the-form",
    "tls_mode": "prefer",
    "drill_every": "1",
    "proof_days": "30",
}


def test_an_administrator_adds_one(login: Login, admin: User) -> None:
    answer = login(admin).post(f"{DATABASES}/new", {**FORM, "intent": "save"})
    assert answer.status_code == 302
    made = Database.objects.get(name="billing")
    assert made.password == "s3cret-in-the-form"
    assert made.company == admin.memberships.get().company
    audit = AuditEntry.objects.filter(object_id=str(made.pk))
    assert audit.exists()
    assert all("s3cret" not in str(entry.changes) for entry in audit)


def test_an_operator_cannot(login: Login, operator: User, admin: User, database: Database) -> None:
    client = login(operator)
    assert "Add a database" not in page(client, DATABASES)
    assert "Add a database" in page(login(admin), DATABASES)
    assert client.get(f"{DATABASES}/new").status_code == 403
    assert client.post(f"{DATABASES}/new", FORM).status_code == 403
    assert client.get(f"{DATABASES}/{database.pk}").status_code == 403
    assert client.post(f"{DATABASES}/{database.pk}", FORM).status_code == 403
    assert Database.objects.count() == 1


def test_a_stranger_finds_nothing(login: Login, stranger: User, database: Database) -> None:
    assert login(stranger).get(f"{DATABASES}/{database.pk}").status_code == 404
    assert login(stranger).post(f"{DATABASES}/{database.pk}", FORM).status_code == 404


def test_the_test_names_what_is_wrong_and_saves_nothing(login: Login, admin: User) -> None:
    # Port 1 of this machine: nothing listens there.
    answer = login(admin).post(f"{DATABASES}/new", {**FORM, "intent": "test"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Check the host and port" in html
    assert "billing" in html
    assert "s3cret" not in html
    assert not Database.objects.exists()


def test_the_test_says_what_answers(login: Login, admin: User) -> None:
    here = connection.settings_dict
    form = {
        **FORM,
        "host": here["HOST"] or "127.0.0.1",
        "port": here["PORT"] or "5432",
        "database_name": here["NAME"],
        "username": here["USER"],
        "password": here["PASSWORD"] or "",
        "intent": "test",
    }
    answer = login(admin).post(f"{DATABASES}/new", form)
    assert answer.status_code == 200
    assert "The connection works: PostgreSQL" in answer.content.decode()
    assert not Database.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"host": ""}, {"port": "70000000000"}, {"tls_mode": "maybe"}]
)
def test_mistakes_are_told_and_the_input_kept(
    login: Login, admin: User, wrong: dict[str, str]
) -> None:
    answer = login(admin).post(f"{DATABASES}/new", {**FORM, **wrong})
    assert answer.status_code == 400
    assert "This cannot be used yet." in answer.content.decode()
    assert 'value="reader"' in answer.content.decode()
    assert not Database.objects.exists()


def test_a_name_is_used_once_in_a_company(
    login: Login, admin: User, stranger: User, database: Database
) -> None:
    again = {**FORM, "name": database.name}
    answer = login(admin).post(f"{DATABASES}/new", again)
    assert answer.status_code == 400
    assert "of this name already" in answer.content.decode()
    assert login(stranger).post(f"{DATABASES}/new", again).status_code == 302


def test_an_empty_password_keeps_the_stored_one(
    login: Login, admin: User, database: Database
) -> None:
    same = {
        "name": "orders-renamed",
        "host": database.host,
        "port": database.port,
        "database_name": database.database_name,
        "username": database.username,
        "tls_mode": database.tls_mode,
        "drill_every": "1",
        "proof_days": "30",
        "password": "",
    }
    client = login(admin)
    assert client.post(f"{DATABASES}/{database.pk}", same).status_code == 302
    database.refresh_from_db()
    assert database.name == "orders-renamed"
    assert database.password == "the stored password"
    assert "the stored password" not in page(client, f"{DATABASES}/{database.pk}")


@pytest.mark.parametrize(
    "moved", [{"host": "evil.example"}, {"port": "2"}, {"tls_mode": "disable"}]
)
@pytest.mark.parametrize("intent", ["test", "save"])
def test_the_stored_password_goes_to_no_other_server(
    login: Login, admin: User, database: Database, moved: dict[str, str], intent: str
) -> None:
    form = {
        "name": database.name,
        "host": database.host,
        "port": database.port,
        "database_name": database.database_name,
        "username": database.username,
        "tls_mode": database.tls_mode,
        "drill_every": "1",
        "proof_days": "30",
        "password": "",
        **moved,
        "intent": intent,
    }
    answer = login(admin).post(f"{DATABASES}/{database.pk}", form)
    assert answer.status_code == 400
    assert "Type the password again" in answer.content.decode()
    database.refresh_from_db()
    assert database.host != "evil.example"
    assert database.tls_mode == "prefer"
