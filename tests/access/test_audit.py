"""The audit: written with the change, never changed, and free of secrets."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from access import audit
from access.models import AuditEntry, Company, User
from access.policy import System
from access.redaction import MASK
from backups.databases import create_database, update_database
from backups.models import Database

pytestmark = pytest.mark.django_db


def record(company: Company, **changes: Any) -> AuditEntry:
    return audit.record(
        actor=System("tick"), action="x.done", thing=company, company=company, changes=changes
    )


def test_an_entry_says_who_did_what_to_what(operator: User, database: Database) -> None:
    entry = audit.record(
        actor=operator, action="database.seen", thing=database, company=database.company
    )
    assert (entry.actor, entry.actor_name, entry.address) == (operator, "otto", None)
    assert (entry.object_type, entry.object_id) == ("backups.database", str(database.pk))
    assert (entry.object_name, entry.changes) == ("orders", {})
    assert str(entry) == "otto: database.seen orders"


def test_an_entry_is_neither_changed_nor_deleted(company: Company) -> None:
    entry = record(company)
    entry.actor_name = "somebody else"
    with pytest.raises(TypeError, match="never changed"):
        entry.save()
    with pytest.raises(TypeError, match="never deleted"):
        entry.delete()
    assert AuditEntry.objects.get().actor_name == "tick"


def test_an_entry_outlives_the_account(operator: User, company: Company) -> None:
    audit.record(actor=operator, action="x", thing=company, company=company)
    gone = operator.pk
    operator.delete()
    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.actor_name) == (gone, "otto")


def test_an_entry_goes_with_its_transaction(company: Company) -> None:
    with pytest.raises(ValueError, match="rolled back"), transaction.atomic():
        record(company)
        raise ValueError("rolled back")
    assert not AuditEntry.objects.exists()


def test_secrets_are_masked_at_any_depth(company: Company) -> None:
    entry = record(
        company,
        password="hunter2",
        token="hunter2",
        uri="postgres://otto:hunter2@db/orders",
        before={"db_password": "hunter2", "list": [{"secret_key": "hunter2"}, "password=hunter2"]},
        new_secret=True,
        number=5,
        nothing=None,
        host="db",
    )
    stored = AuditEntry.objects.get(pk=entry.pk).changes
    assert "hunter2" not in str(stored)
    assert stored["password"] == MASK
    assert (stored["new_secret"], stored["number"], stored["nothing"]) == (True, 5, None)
    assert stored["host"] == "db"


def test_a_changed_database_is_written_down_without_its_password(
    admin: User, company: Company
) -> None:
    database = create_database(
        company=company,
        name="billing",
        host="db",
        port=5432,
        database_name="billing",
        username="b",
        password="hunter2",
        tls_mode="prefer",
        actor=admin,
    )
    update_database(database=database, actor=admin, password="hunter3", host="db2")
    entries = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in entries] == ["database.created", "database.changed"]
    assert "hunter" not in str([entry.changes for entry in entries])
    assert entries[1].changes["before"] == {"host": "db"}
    assert entries[1].changes["after"] == {"host": "db2"}
    assert entries[1].changes["new_secret"] is True
    database.refresh_from_db()
    assert database.password == "hunter3"


def test_the_address_is_the_peers_and_no_claim(admin: User) -> None:
    client = Client(REMOTE_ADDR="192.0.2.7", headers={"X-Forwarded-For": "203.0.113.1"})
    seen: list[str | None] = []

    from access.request import AddressMiddleware, current_address

    def view(request: Any) -> Any:
        seen.append(current_address())
        return None

    request = client.get("/api/health/live").wsgi_request
    AddressMiddleware(view)(request)
    assert seen == ["192.0.2.7"]
    assert current_address() is None
