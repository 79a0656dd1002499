"""The page of one backup: its checks, its proof, and asking for more of both."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from access.models import AuditEntry, User
from backups import keyring
from backups.checks.requesting import request_check
from backups.models import Backup, Check, Database, LevelResult
from monitoring.files.models import Stage, TrackedFile
from storage.models import StoredObject
from tests.cast import Login, make_backup
from tests.proofs import fingerprint, make_drill, own_keys, page, with_proof, words

__all__ = ["own_keys"]

pytestmark = pytest.mark.django_db


def address(backup: Backup, what: str = "check") -> str:
    return f"/dashboard/backup/{backup.pk}/{what}"


@pytest.fixture
def backup(database: Database) -> Backup:
    return with_proof(make_backup(database), fingerprint())


class TestAsking:
    @pytest.mark.parametrize("level", ["content", "restore"])
    def test_an_operator_asks_and_sees_it_wait(
        self, backup: Backup, login: Login, operator: User, level: str
    ) -> None:
        client = login(operator)
        html = page(client, backup)
        assert f'action="{address(backup)}"' in html
        assert "Check again" in html
        assert 'id="drill"' in html
        answer = client.post(address(backup), {"level": level})
        assert answer.status_code == 302
        assert answer["Location"] == f"/dashboard/backup/{backup.pk}"
        check = Check.objects.get()
        assert (check.backup, check.level, check.created_by) == (backup, level, operator)
        html = page(client, backup)
        assert f'data-watch="{check.file_id}"' in html
        assert "data-poll" in html
        assert "backups come first" in html
        assert 'id="check-again"' not in html
        assert address(backup, "check/cancel") in html

    def test_a_second_one_is_refused_in_words(
        self, backup: Backup, login: Login, operator: User
    ) -> None:
        client = login(operator)
        client.post(address(backup))
        said = client.post(address(backup), follow=True).content.decode()
        assert "waits or runs already" in said
        assert Check.objects.count() == 1

    @pytest.mark.parametrize(
        ("level", "said"), [("deep", "level is checksum"), ("restore", "without fingerprints")]
    )
    def test_what_cannot_be_is_said(
        self, database: Database, login: Login, operator: User, level: str, said: str
    ) -> None:
        bare = make_backup(database)
        answer = login(operator).post(address(bare), {"level": level}, follow=True)
        assert said in answer.content.decode()
        assert not Check.objects.exists()

    def test_a_viewer_sees_it_all_and_has_no_button(
        self, backup: Backup, login: Login, viewer: User, operator: User
    ) -> None:
        request_check(backup=backup, actor=operator)
        client = login(viewer)
        html = page(client, backup)
        assert "data-watch" in html
        assert "Cancel" not in html
        Check.objects.all().delete()
        html = page(client, backup)
        assert "Check again" not in html
        assert "Restore drill</button>" not in html
        assert client.post(address(backup)).status_code == 403
        assert client.post(address(backup, "check/cancel")).status_code == 403
        assert not Check.objects.exists()

    def test_of_what_one_may_not_see_nothing_is_known(
        self, backup: Backup, login: Login, stranger: User, agent: User
    ) -> None:
        for unseen in (stranger, agent):
            for what in ("check", "check/cancel"):
                refused = login(unseen).post(address(backup, what))
                unknown = login(unseen).post(f"/dashboard/backup/{uuid.uuid4()}/{what}")
                assert refused.status_code == unknown.status_code == 404
                assert refused.content == unknown.content

    def test_only_a_form_of_this_site_asks(self, backup: Backup, operator: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(operator)
        assert client.get(address(backup)).status_code == 405
        assert client.post(address(backup)).status_code == 403
        assert client.get(address(backup, "check/cancel")).status_code == 405
        assert not Check.objects.exists()

    def test_why_a_drill_cannot_be(self, database: Database, login: Login, operator: User) -> None:
        client = login(operator)
        bare = make_backup(database)
        assert "made without fingerprints" in page(client, bare)
        rows = with_proof(make_backup(database, options={"data_only": True}), fingerprint())
        assert "rows without their tables" in page(client, rows)
        keyring.identity_path("installation").unlink()
        html = page(client, rows)
        assert "public keys only" in html
        assert 'id="check-again"' in html
        assert 'id="drill"' not in html

    def test_of_a_failed_backup_nothing_is_asked(
        self, database: Database, login: Login, operator: User
    ) -> None:
        failed = make_backup(database, status=Backup.Status.FAILED, error="no", error_code="dump")
        html = page(login(operator), failed)
        assert 'id="check-again"' not in html
        assert "there are no stored bytes" in html
        assert 'aria-labelledby="proof"' not in html


class TestCancelling:
    def test_a_waiting_one_ends_at_once(self, backup: Backup, login: Login, operator: User) -> None:
        check = request_check(backup=backup, actor=operator)
        client = login(operator)
        answer = client.post(address(backup, "check/cancel"))
        assert answer["Location"] == f"/dashboard/backup/{backup.pk}"
        check.refresh_from_db()
        assert check.status == Backup.Status.CANCELLED
        assert AuditEntry.objects.filter(action="check.cancel_asked", actor=operator).exists()
        html = page(client, backup)
        assert "data-poll" not in html
        assert "Cancelled" in html

    def test_of_a_running_one_it_is_said_that_it_ends(
        self, backup: Backup, login: Login, operator: User
    ) -> None:
        check = request_check(backup=backup, actor=operator)
        run(check)
        client = login(operator)
        client.post(address(backup, "check/cancel"))
        html = page(client, backup)
        assert "Being cancelled by otto" in html
        assert 'id="cancel-check"' not in html

    def test_one_that_is_over_is_no_mistake(
        self, backup: Backup, login: Login, operator: User
    ) -> None:
        said = login(operator).post(address(backup, "check/cancel"), follow=True)
        assert "waits or runs any more" in said.content.decode()


def run(check: Check, **stage: Any) -> None:
    now = timezone.now()
    Check.objects.filter(pk=check.pk).update(status="running", started_at=now)
    TrackedFile.objects.filter(check_run=check).update(status="processing", started_at=now)
    values = {"key": "fetch", "progress": 40, "bytes_done": 400, "bytes_total": 1000, **stage}
    key = values.pop("key")
    rows = Stage.objects.filter(file__check_run=check, key=key)
    rows.update(status="in_progress", started_at=now - timedelta(seconds=4), **values)


class TestAtWork:
    def test_how_far_and_how_fast(self, backup: Backup, login: Login, operator: User) -> None:
        run(request_check(backup=backup, actor=operator))
        html = page(login(operator), backup)
        assert "400 B of 1.00 kB" in html
        assert 'data-now="fetch"' in html
        assert "left</span>" in html

    def test_a_comparison_is_counted_in_tables(
        self, backup: Backup, login: Login, operator: User
    ) -> None:
        check = request_check(backup=backup, actor=operator, level="restore")
        run(check, key="compare", bytes_done=12, bytes_total=1214)
        html = page(login(operator), backup)
        assert "12 of 1,214 tables" in html
        assert "12 B" not in html


class TestLevels:
    def test_the_newest_of_each_with_when_and_why(
        self, backup: Backup, database: Database, login: Login, viewer: User
    ) -> None:
        stored = StoredObject.objects.create(
            company=database.company, target=backup.storage, key="a", size=1, sha256="b" * 64
        )
        backup.stored_objects.add(stored)
        for level, passed, detail in (
            ("content", False, "older: damaged"),
            ("content", True, "read to its end"),
            ("checksum", True, "as written"),
        ):
            LevelResult.objects.create(
                backup=backup, stored=stored, level=level, passed=passed, detail=detail,
                checked_at=timezone.now(),
            )  # fmt: skip
        said = words(page(login(viewer), backup))
        assert "older: damaged" not in said
        assert said.index("as written") < said.index("read to its end")

    def test_the_standing_is_near_the_head(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        Backup.objects.filter(pk=backup.pk).update(
            validation="proven",
            validation_level="restore",
            validation_detail="Restored and compared, <table> by table.",
            checked_at=timezone.now() - timedelta(minutes=3),
        )
        html = page(login(viewer), backup)
        standing = words(html[html.index('id="standing"') :])
        assert "Proven Restore drill 3 min ago Restored and compared, &lt;table&gt;" in standing

    def test_a_proof_is_as_old_as_its_drill(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        make_drill(backup, age=timedelta(days=9), outcome="proven")
        Backup.objects.filter(pk=backup.pk).update(
            validation="proven", validation_level="restore", checked_at=timezone.now()
        )
        html = page(login(viewer), backup)
        standing = words(html[html.index('id="standing"') :].split("</p>")[0])
        assert standing.endswith("Proven Restore drill 9 days ago")

    def test_the_last_five_checks(self, backup: Backup, login: Login, viewer: User) -> None:
        for number in range(7):
            make_drill(backup, age=timedelta(hours=number + 1), outcome="proven")
        make_drill(backup, age=timedelta(minutes=9), status="failed", error="<b>no room</b>",
                   error_code="drill_server_failed")  # fmt: skip
        html = page(login(viewer), backup)
        earlier = html[html.index('id="earlier-checks"') :].split("</ul>")[0]
        assert earlier.count("<li>") == 5
        assert "&lt;b&gt;no room" in earlier
        assert "Look at the memory and the disk of this machine" in earlier
        assert "Not finished" in earlier
        assert words(earlier).index("9 min ago") < words(earlier).index("1 h ago")


class TestAdmin:
    def ask(self, client: Client, action: str, *backups: Backup) -> str:
        form = {"action": action, "_selected_action": [str(backup.pk) for backup in backups]}
        answer = client.post("/admin/backups/backup/", form, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_checks_are_asked_for_many_at_once(
        self, backup: Backup, database: Database, login: Login, admin: User
    ) -> None:
        bare = make_backup(database)
        html = self.ask(login(admin), "drill_stored", backup, bare)
        assert "1 check was asked for" in html
        assert f"{bare.file_name}: This backup was made without fingerprints" in html
        assert Check.objects.get().level == "restore"
        self.ask(login(admin), "check_stored", bare)
        assert bare.checks.get().level == "content"

    def test_not_of_backups_of_others(self, backup: Backup, login: Login, stranger: User) -> None:
        self.ask(login(stranger), "check_stored", backup)
        assert not Check.objects.exists()
