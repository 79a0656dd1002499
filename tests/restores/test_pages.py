"""The pages of restores: who sees what, the way from a backup to one, and its course."""

import uuid
from dataclasses import asdict
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from access.models import User
from backups.engines import PreflightCheck
from backups.models import Backup, Database
from restores.models import Restore
from tests.cast import Login, database, make_backup
from tests.proofs import fingerprint, own_keys, with_proof, words
from tests.restores.made import end, make_restore, run_half

__all__ = ["database", "own_keys"]

pytestmark = pytest.mark.django_db

LIST = "/dashboard/restores"
HOSTILE = "<script>alert(1)</script>\"'"


def page(client: Client, path: str, **headers: str) -> str:
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def backup(database: Database) -> Backup:
    return with_proof(make_backup(database), fingerprint())


@pytest.fixture
def restore(backup: Backup) -> Restore:
    return make_restore(backup)


def address(thing: Backup | Restore, what: str = "") -> str:
    kind = "backup" if isinstance(thing, Backup) else "restores"
    return f"/dashboard/{kind}/{thing.pk}{what}"


class TestList:
    def test_the_newest_first_with_where_from_and_who(
        self, backup: Backup, login: Login, viewer: User, operator: User
    ) -> None:
        make_restore(backup, target_name="older", age=timedelta(days=1))
        make_restore(backup, target_name="newer", created_by=operator)
        html = page(login(viewer), LIST)
        said = words(html)
        assert said.index("newer") < said.index("older")
        assert f'href="{address(backup)}"' in html
        assert "on the server of orders Waiting" in said
        assert "1 h ago otto" in said
        assert 'aria-current="page"' in html

    def test_it_follows_what_runs_and_is_silent_else(
        self, restore: Restore, login: Login, viewer: User
    ) -> None:
        run_half(restore)
        html = page(login(viewer), LIST)
        assert "data-poll" in html
        assert f'data-watch="{restore.file_id}"' in html
        assert "<html" not in page(login(viewer), LIST, **{"X-Live": "1"})
        end(restore, "completed", tables=12, rows=3400)
        html = page(login(viewer), LIST)
        assert "data-poll" not in html
        assert "12 tables, 3,400 rows" in html

    def test_pages_follow_each_other_and_a_state_narrows(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        for number in range(27):
            make_restore(backup, target_name=f"copy_{number:02}", age=timedelta(hours=number))
        client = login(viewer)
        first = client.get(LIST)
        second = page(client, f"{LIST}?cursor={first.context['page'].next}")
        assert "copy_24" in first.content.decode()
        assert "copy_25" not in first.content.decode()
        assert "copy_25" in second
        assert "copy_24" not in second
        assert "Newest" in second
        assert "No restore matches" in page(client, f"{LIST}?status=failed")
        assert "copy_00" in page(client, f"{LIST}?status=pending")
        assert "copy_00" in page(client, f"{LIST}?status=%00")
        for wrong in (str(uuid.uuid4()), "x", "%00"):
            assert "There is no such restore." in page(client, f"{LIST}?cursor={wrong}")

    def test_as_many_queries_for_many(
        self,
        backup: Backup,
        login: Login,
        viewer: User,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        for number in range(9):
            run_half(make_restore(backup, target_name=f"copy_{number}"))
        client = login(viewer)
        with django_assert_max_num_queries(18):
            page(client, LIST)

    def test_an_empty_one_says_how_to_begin(
        self, database: Database, login: Login, operator: User, viewer: User
    ) -> None:
        assert database
        assert "/dashboard/backup?status=completed" in page(login(operator), LIST)
        said = page(login(viewer), LIST)
        assert "When an operator of your company" in said
        assert "Choose a backup" not in said


class TestOne:
    def test_a_running_one(self, restore: Restore, login: Login, viewer: User) -> None:
        run_half(restore)
        html = page(login(viewer), address(restore))
        assert f'data-watch="{restore.file_id}"' in html
        assert "924 MB of 2.31 GB" in html
        assert 'data-now="restore"' in html
        said = words(html)
        for stage in ("Receive", "Check", "Restore", "Finish"):
            assert stage in said
        assert "Version OK PostgreSQL 15 into 17." in said
        run_half(restore, 50, "finalize")
        assert "20 of 40 tables" in page(login(viewer), address(restore))

    def test_one_that_ended_well(
        self, restore: Restore, login: Login, viewer: User, operator: User
    ) -> None:
        end(restore, "completed", tables=12, rows=3400, registered=restore.server)
        html = page(login(viewer), address(restore))
        assert "Every table is as it was at the source." in html
        assert "3,400" in html
        assert f"/dashboard/databases#db-{restore.server_id}" in html
        assert "data-poll" not in html
        assert 'id="back-up"' not in html
        html = page(login(operator), address(restore))
        assert f"/dashboard/backup?new={restore.server_id}" in html
        assert restore.backup is not None
        assert f"{address(restore.backup)}/restore" in html

    def test_without_fingerprints_nothing_is_claimed(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        looked = [asdict(PreflightCheck("fingerprints", "warning", "None."))]
        restore = make_restore(backup, preflight=looked)
        end(restore, "completed", tables=0, rows=0)
        html = page(login(viewer), address(restore))
        assert "was not compared with its source" in html
        assert "Every table is as it was" not in html

    def test_a_failure_has_its_words_and_cure(
        self, restore: Restore, login: Login, viewer: User
    ) -> None:
        end(restore, "failed", error_code="copy_differs", error="2 differences from the source",
            error_detail="pg_restore: <error>")  # fmt: skip
        html = page(login(viewer), address(restore))
        assert "2 differences from the source" in html
        assert "Run a restore drill of this backup" in html
        assert "pg_restore: &lt;error&gt;" in html

    def test_hostile_names_are_text(
        self, backup: Backup, login: Login, operator: User, viewer: User
    ) -> None:
        Database.objects.update(name=HOSTILE, host=HOSTILE)
        looked = [asdict(PreflightCheck(HOSTILE, "blocking", HOSTILE))]
        restore = make_restore(backup, target_name=HOSTILE, preflight=looked)
        end(restore, "failed", error_code=HOSTILE[:40], error=HOSTILE, error_detail=HOSTILE)
        for path in (LIST, address(restore), address(backup, "/restore")):
            html = page(login(operator), path)
            assert "<script>alert" not in html
            assert "&lt;script&gt;" in html
        Restore.objects.update(status="running")
        assert "<script>alert" not in page(login(operator), address(restore, "/cancel"))
        assert "<script>alert" not in page(login(viewer), address(restore))

    def test_one_whose_run_is_not_kept(self, restore: Restore, login: Login, viewer: User) -> None:
        end(restore, "completed", tables=1, rows=1)
        Restore.objects.update(file=None, created_by=None)
        assert "not kept any more" in page(login(viewer), address(restore))
        assert "1 table, 1 row" in page(login(viewer), LIST)


class TestCancel:
    def test_it_is_asked_once_more(self, restore: Restore, login: Login, operator: User) -> None:
        client = login(operator)
        assert address(restore, "/cancel") in page(client, address(restore))
        assert "It ends at once." in page(client, address(restore, "/cancel"))
        run_half(restore)
        html = page(client, address(restore, "/cancel"))
        assert "is dropped from orders" in html
        restore.refresh_from_db()
        assert restore.status == "running"
        answer = client.post(address(restore, "/cancel"))
        assert answer["Location"] == address(restore)
        html = page(client, address(restore))
        assert "Being cancelled by otto" in html
        assert 'id="cancel"' not in html

    def test_a_waiting_one_ends_at_once(
        self, restore: Restore, login: Login, operator: User
    ) -> None:
        client = login(operator)
        client.post(address(restore, "/cancel"))
        restore.refresh_from_db()
        assert restore.status == "cancelled"
        assert "Cancelled by otto" in page(client, address(restore))
        assert client.get(address(restore, "/cancel")).status_code == 302
        said = client.post(address(restore, "/cancel"), follow=True).content.decode()
        assert "over already" in said


class TestRoles:
    def test_a_viewer_sees_and_has_no_buttons(
        self, restore: Restore, backup: Backup, login: Login, viewer: User, operator: User
    ) -> None:
        client = login(viewer)
        html = page(client, address(restore))
        assert 'id="cancel"' not in html
        assert 'id="again"' not in html
        assert 'id="restore"' not in page(client, address(backup)).replace(
            'id="restore" data-live', ""
        )
        assert 'href="' + address(backup, "/restore") in page(login(operator), address(backup))
        for path in (address(restore, "/cancel"), address(backup, "/restore")):
            assert client.get(path).status_code == 403
            assert client.post(path).status_code == 403
        restore.refresh_from_db()
        assert restore.status == "pending"

    def test_strangers_agents_and_nobody(
        self, restore: Restore, backup: Backup, login: Login, stranger: User, agent: User
    ) -> None:
        for path in (address(restore), address(restore, "/cancel"), address(backup, "/restore")):
            for person in (stranger, agent):
                assert login(person).get(path).status_code == 404
                assert login(person).post(path).status_code in (404, 405)
            assert "/login" in Client().get(path)["Location"]
        assert login(agent).get(LIST).status_code == 403
        assert "shop_restored" not in page(login(stranger), LIST)
        cursor = f"{LIST}?cursor={restore.pk}"
        assert "There is no such restore." in page(login(stranger), cursor)

    def test_a_form_of_another_site_is_refused(
        self, restore: Restore, backup: Backup, operator: User
    ) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(operator)
        for path in (address(restore, "/cancel"), address(backup, "/restore")):
            assert client.post(path, {"intent": "restore"}).status_code == 403

    def test_rows_alone_and_a_failed_one_are_not_offered(
        self, database: Database, login: Login, operator: User
    ) -> None:
        part = make_backup(database, options={"data_only": True})
        failed = make_backup(database, status="failed")
        for backup in (part, failed):
            assert address(backup, "/restore") not in page(login(operator), address(backup))
            answer = login(operator).get(address(backup, "/restore"), follow=True)
            assert "Only a completed backup with definitions" in answer.content.decode()
