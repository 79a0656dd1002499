"""The pages of a replacement: the typed name, who may approve, bring back and drop."""

import pytest
from django.test import Client
from django.utils import timezone

from access.models import Company, User
from access.roles import Role
from backups.models import Backup, Database
from restores.models import Restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import TestServer
from tests.cast import PASSWORD, Login, database, make_backup, person
from tests.proofs import fingerprint, own_keys, with_proof, words
from tests.restores.made import end, make_restore
from tests.restores.replacing.shop import THEN, changed_shop, rows_in
from tests.restores.test_restore import restore_here

__all__ = ["database", "own_keys"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("replacing")]


@pytest.fixture
def replaced(database: Database) -> Restore:
    backup = with_proof(make_backup(database), fingerprint())
    restore = make_restore(backup, target_name="orders", mode="replace", old_id=1, new_id=2)
    end(restore, "completed", kept_name="orders_before", kept_until=timezone.now())
    restore.refresh_from_db()
    return restore


def address(thing: Restore, what: str = "") -> str:
    return f"/dashboard/restores/{thing.pk}{what}"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_by_the_wizard(
    backed_up: MakeBackup, server: TestServer, login: Login, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        name = backup.database.database_name
        path = f"/dashboard/backup/{backup.pk}/restore"
        client = login(operator)
        given = {
            "server": str(backup.database_id),
            "name": name,
            "owner": "keep",
            "mode": "replace",
            "no_safety_backup": "on",
            "keep_old_days": "3",
        }
        html = client.post(path, {**given, "intent": "look"}).content.decode()
        assert 'id="restore-now"' in html
        assert "stays beside it for 3 days" in words(html)
        wrong = client.post(path, {**given, "intent": "restore", "confirm": name[:-1]})
        assert wrong.status_code == 400
        assert "This is not the name of the database." in wrong.content.decode()
        assert not Restore.objects.exists()
        done = client.post(path, {**given, "intent": "restore", "confirm": name})
        restore = Restore.objects.get()
        assert done["Location"] == address(restore)
        restore = restore_here(restore)
        assert (restore.status, restore.keep_old_days) == ("completed", 3)
        assert rows_in(server, name) == THEN
        assert restore.kept_name in page(client, address(restore))


@pytest.mark.exhaustive
def test_who_was_not_asked_for_long_is_asked_first(
    backed_up: MakeBackup, server: TestServer, login: Login, operator: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        path = f"/dashboard/backup/{backup.pk}/restore"
        client = login(operator)
        session = client.session
        session["confirmed_at"] = 0
        session.save()
        name = backup.database.database_name
        given = {"server": str(backup.database_id), "name": name, "owner": "keep"}
        given |= {"mode": "replace", "no_safety_backup": "on", "confirm": name}
        html = client.post(path, {**given, "intent": "look"}).content.decode()
        assert 'id="confirm-me"' in html and 'id="restore-now"' not in html
        answer = client.post(path, {**given, "intent": "restore"})
        assert (answer.status_code, Restore.objects.count()) == (302, 0)
        asked = answer["Location"]
        assert asked.startswith("/dashboard/account/confirm")
        wrong = client.post(asked, {"answer": "not mine"})
        assert wrong.status_code == 400
        back = client.post(asked, {"answer": PASSWORD})["Location"]
        assert back.startswith(path)
        back = back.removesuffix("#answer")
        html = page(client, back)
        # As it was filled in, and looked at; the last word is typed now.
        assert 'id="restore-now"' in html and f'name="name" value="{name}"' in html
        assert 'name="no_safety_backup" value="on"' in html
        assert 'value="restore"' not in str(client.session["typed"])
        assert "confirm" not in client.session["typed"]["fields"]
        assert Restore.objects.count() == 0
        # Whoever comes by another way finds a fresh form, and nothing is kept.
        assert 'id="restore-now"' not in page(client, path)
        assert 'id="restore-now"' not in page(client, back)


@pytest.mark.exhaustive
def test_who_is_offered_what(
    replaced: Restore, login: Login, viewer: User, operator: User, admin: User
) -> None:
    for someone, offered in ((viewer, ()), (operator, ("confirm",)), (admin, ("undo", "confirm"))):
        html = page(login(someone), address(replaced))
        assert "orders_before" in html
        for act in ("undo", "confirm"):
            assert (f'id="{act}"' in html) == (act in offered), (someone, act)
            status = login(someone).get(address(replaced, f"/{act}")).status_code
            assert status == (200 if act in offered else 403)
    assert login(operator).post(address(replaced, "/undo")).status_code == 403
    replaced.refresh_from_db()
    assert replaced.errand == ""


def test_asked_once_more_and_then_done(replaced: Restore, login: Login, admin: User) -> None:
    client = login(admin)
    assert "Undo the replacement" in page(client, address(replaced, "/undo"))
    assert client.post(address(replaced, "/undo"))["Location"] == address(replaced)
    replaced.refresh_from_db()
    assert (replaced.errand, replaced.errand_by) == ("undo", "ada")
    html = page(client, address(replaced))
    assert "Being undone" in html and "data-poll" in html
    assert 'id="undo"' not in html
    # Asked twice, and for the other thing: told, and nothing else.
    for act in ("undo", "confirm"):
        assert client.get(address(replaced, f"/{act}")).status_code == 302
        assert client.post(address(replaced, f"/{act}")).status_code == 302
    replaced.refresh_from_db()
    assert replaced.errand == "undo"


@pytest.mark.exhaustive
def test_an_approval_is_shown_to_who_may_give_it(
    database: Database,
    company: Company,
    login: Login,
    viewer: User,
    operator: User,
    admin: User,
) -> None:
    other = person("bea", company, Role.ADMIN)
    backup: Backup = with_proof(make_backup(database), fingerprint())
    restore = make_restore(
        backup, target_name="orders", mode="replace", status="awaiting_approval", created_by=admin
    )
    waits = "waits for your approval"
    for someone, may in ((viewer, False), (operator, False), (admin, False), (other, True)):
        client = login(someone)
        assert (waits in page(client, "/dashboard/restores")) == may, someone
        assert (waits in page(client, "/dashboard/")) == may, someone
        assert ('id="approve"' in page(client, address(restore))) == may
    assert login(admin).post(address(restore, "/approve")).status_code == 403
    assert "ada asks to replace" in words(page(login(other), address(restore, "/approve")))
    assert login(other).post(address(restore, "/approve")).status_code == 302
    restore.refresh_from_db()
    assert (restore.status, restore.approved_by) == ("pending", other)
