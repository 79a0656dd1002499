"""The pages on which a restore is asked for, step by step."""

import pytest
from django.utils import timezone

from access.models import User
from backups.models import Backup, Database
from restores.models import Restore
from restores.pages.forms import proposed_name
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import TestServer
from tests.cast import Login, database
from tests.proofs import own_keys, words
from tests.restores.test_pages import address, backup, page, restore
from tests.restores.test_restore import new_name, restore_here

__all__ = ["backup", "database", "own_keys", "restore"]

pytestmark = pytest.mark.django_db


class TestWizard:
    def test_what_is_proposed(
        self, backup: Backup, database: Database, login: Login, operator: User
    ) -> None:
        day = f"{timezone.localdate():%Y%m%d}"
        Database.objects.update(database_name="shop", host="db.example.com", port=5433)
        Database.objects.create(
            company=backup.company,
            name="x", host="db.example.com", port=5433, database_name=f"shop_restored_{day}",
        )  # fmt: skip
        html = page(login(operator), address(backup, "/restore"))
        assert f'value="shop_restored_{day}_2"' in html
        assert "orders · db.example.com:5433" in html
        assert "Restore now" not in html
        database.database_name = "ü" * 31
        assert len(proposed_name(database).encode()) <= 63

    def test_only_servers_of_the_backups_company(
        self, backup: Backup, stranger: User, login: Login, operator: User
    ) -> None:
        foreign = stranger.memberships.get().company
        other = Database.objects.create(company=foreign, name="theirs", host="h", database_name="d")
        client = login(operator)
        assert "theirs" not in page(client, address(backup, "/restore"))
        answer = client.post(
            address(backup, "/restore"),
            {"server": other.pk, "name": "fresh", "owner": "keep", "intent": "restore"},
        )
        assert answer.status_code == 400
        assert not Restore.objects.exists()

    @pytest.mark.parametrize(
        "wrong",
        [{"name": ""}, {"name": "x" * 64}, {"name": "a\0b"}, {"owner": "bob"}, {"server": "x"}],
    )
    def test_what_cannot_be_read_is_said_at_its_field(
        self, backup: Backup, login: Login, operator: User, wrong: dict[str, str]
    ) -> None:
        given = {"server": backup.database_id, "name": "fresh", "owner": "none", **wrong}
        answer = login(operator).post(address(backup, "/restore"), given)
        assert answer.status_code == 400
        assert "This cannot be used yet." in answer.content.decode()

    def test_a_server_that_does_not_answer(
        self, backup: Backup, login: Login, operator: User
    ) -> None:
        Database.objects.update(host="127.0.0.1", port=1)
        given = {"server": backup.database_id, "name": "fresh", "owner": "none"}
        for intent in ("look", "restore"):
            answer = login(operator).post(address(backup, "/restore"), {**given, "intent": intent})
            assert answer.status_code == 422
            assert "Check the host and port" in answer.content.decode()
        assert not Restore.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("restores")
def test_from_a_backup_to_a_new_database(
    backed_up: MakeBackup, server: TestServer, login: Login, operator: User
) -> None:
    with backed_up(drill_every=0) as backup, new_name(server) as name:
        client, path = login(operator), address(backup, "/restore")
        given = {"server": backup.database_id, "name": name, "owner": "keep"}
        html = client.post(path, {**given, "intent": "look"}).content.decode()
        said = words(html)
        assert "The name is free." in said
        assert "Backup Warning No restore drill has proven this backup." in said
        assert f"It becomes the new database {name}" in said
        assert 'id="restore-now"' in html
        assert not Restore.objects.exists()
        taken = {**given, "name": backup.database.database_name}
        for intent, status in (("look", 200), ("restore", 409)):
            answer = client.post(path, {**taken, "intent": intent})
            assert answer.status_code == status
            html = answer.content.decode()
            assert "Name Blocking There is a database of this name already." in words(html)
            assert 'id="restore-now"' not in html
        assert not Restore.objects.exists()
        more = {"tables": "plain\nno*", "jobs": "2", "missing_roles": "on", "role_map": "a = b"}
        html = client.post(path, {**given, **more, "intent": "look"}).content.decode()
        assert "does not name the roles a, which role_map does" in words(html)
        assert "<details open>" in html
        more = {"role": "postgres", "jobs": "2", "no_analyze": "on", "tables": "plain"}
        html = client.post(path, {**given, **more, "intent": "look"}).content.decode()
        assert "Owners and grants: the role postgres, no grants ." in words(html)
        for field, value in more.items():
            assert f'<input type="hidden" name="{field}" value="{value}">' in html
        answer = client.post(path, {**given, **more, "jobs": "x"})
        assert (answer.status_code, Restore.objects.count()) == (400, 0)
        answer = client.post(path, {**given, "intent": "restore"})
        restore = Restore.objects.get()
        assert answer["Location"] == address(restore)
        assert (restore.target_name, restore.options["keep_owners"]) == (name, True)
        assert "Waiting for a worker." in page(client, address(restore))
        restore_here(restore)
        said = words(page(client, address(restore)))
        assert "Every table is as it was at the source." in said
        assert f"Registered here as {name}" in said
