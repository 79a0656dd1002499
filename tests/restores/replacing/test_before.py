"""What comes before a replacement begins: a good backup of the target, another's approval."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from access.models import AuditEntry, Company, User
from access.policy import NotAllowed, System
from access.roles import Role
from backups.databases import update_database
from backups.deletion import delete_backup
from backups.errors import NotReady
from backups.models import Backup
from config.tick import run_once
from monitoring.alerts.models import Alert
from restores.errors import Blocked
from restores.models import Restore
from restores.queueing import claim_restore
from restores.replacing.approval import approve_restore, expire_approvals
from restores.replacing.safety import wake_guarded_restores
from restores.requesting import cancel_restore
from tests.backups.checks.conftest import MakeBackup
from tests.backups.servers import TestServer
from tests.cast import person
from tests.restores.replacing.shop import NOW, THEN, asked, changed_shop, rows_in
from tests.restores.test_restore import databases, restore_here
from tests.running import run_here

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("replacing")]


@pytest.fixture
def second_admin(company: Company) -> User:
    return person("bea", company, Role.ADMIN)


def protect(backup: Backup, admin: User) -> None:
    update_database(database=backup.database, actor=admin, protected=True)


class TestSafetyBackup:
    def test_it_is_made_first_and_waited_for(
        self, backed_up: MakeBackup, server: TestServer, operator: User, admin: User
    ) -> None:
        with changed_shop(backed_up, server) as backup:
            restore = asked(backup, operator, safety_backup=True)
            safety = restore.safety
            assert safety is not None and safety.label == "before-restore"
            assert wake_guarded_restores() == 0
            assert claim_restore(restore_id=restore.pk) is None
            run_here(backup_id=safety.pk)
            assert claim_restore(restore_id=restore.pk) is None
            with pytest.raises(NotReady):
                delete_backup(backup=safety, actor=admin)
            assert wake_guarded_restores() == 1
            assert wake_guarded_restores() == 0
            assert restore_here(restore).status == "completed"
            assert rows_in(server, backup.database.database_name) == THEN
            safety.refresh_from_db()
            [mark] = (safety.manifest or {})["contents"]["fingerprint"]["tables"].values()
            assert mark["rows"] == NOW

    def test_without_a_good_one_nothing_is_touched(
        self, backed_up: MakeBackup, server: TestServer, operator: User
    ) -> None:
        with changed_shop(backed_up, server) as backup:
            before = databases(server)
            for facts in ({"status": "failed"}, {"status": "completed", "validation": "corrupt"}):
                restore = asked(backup, operator, safety_backup=True)
                assert restore.safety is not None
                Backup.objects.filter(pk=restore.safety.pk).update(**facts)
                run_once()
                restore.refresh_from_db()
                assert (restore.status, restore.error_code) == ("failed", "safety_backup_failed")
                assert Alert.objects.filter(
                    rule="restore.failed", occurrence=str(restore.pk)
                ).exists()
            assert databases(server) == before
            assert rows_in(server, backup.database.database_name) == NOW

    @pytest.mark.exhaustive
    def test_a_cancel_while_it_is_made(
        self, backed_up: MakeBackup, server: TestServer, operator: User
    ) -> None:
        with changed_shop(backed_up, server) as backup:
            restore = asked(backup, operator, safety_backup=True)
            cancel_restore(restore=restore, actor=operator)
            assert restore.safety is not None
            run_here(backup_id=restore.safety.pk)
            run_once()
            restore.refresh_from_db()
            assert restore.status == "cancelled"
            assert claim_restore(restore_id=restore.pk) is None


class TestApproval:
    def test_another_administrator_approves(
        self,
        backed_up: MakeBackup,
        server: TestServer,
        operator: User,
        viewer: User,
        admin: User,
        second_admin: User,
    ) -> None:
        with changed_shop(backed_up, server) as backup:
            protect(backup, admin)
            with pytest.raises(Blocked):
                asked(backup, operator)
            restore = asked(backup, admin)
            assert restore.status == "awaiting_approval"
            assert Alert.objects.filter(rule="restore.awaits_approval").count() == 1
            run_once()
            assert claim_restore(restore_id=restore.pk) is None
            for nobody in (viewer, operator, admin, System("tick")):
                with pytest.raises(NotAllowed):
                    approve_restore(restore=restore, actor=nobody)
            approve_restore(restore=restore, actor=second_admin)
            restore = Restore.objects.get(pk=restore.pk)
            assert (restore.status, restore.approved_by) == ("pending", second_admin)
            assert AuditEntry.objects.filter(action="restore.approved").count() == 1
            with pytest.raises(NotReady):
                approve_restore(restore=restore, actor=second_admin)
            assert restore_here(restore).status == "completed"

    @pytest.mark.exhaustive
    def test_the_safety_backup_is_made_after_the_approval(
        self, backed_up: MakeBackup, server: TestServer, admin: User, second_admin: User
    ) -> None:
        with changed_shop(backed_up, server) as backup:
            protect(backup, admin)
            restore = asked(backup, admin, safety_backup=True)
            assert not Backup.objects.filter(label="before-restore").exists()
            approve_restore(restore=restore, actor=second_admin)
            restore.refresh_from_db()
            assert restore.safety is not None
            assert (restore.status, restore.safety.status) == ("pending", "pending")
            assert claim_restore(restore_id=restore.pk) is None

    @pytest.mark.exhaustive
    def test_it_is_rejected_or_expires(
        self, backed_up: MakeBackup, server: TestServer, admin: User, second_admin: User
    ) -> None:
        with changed_shop(backed_up, server) as backup:
            protect(backup, admin)
            restore = asked(backup, admin)
            cancel_restore(restore=restore, actor=second_admin)
            restore.refresh_from_db()
            assert restore.status == "cancelled"
            restore = asked(backup, admin)
            assert expire_approvals() == 0
            Restore.objects.filter(pk=restore.pk).update(created_at=Now() - timedelta(hours=25))
            with pytest.raises(NotReady):
                approve_restore(restore=restore, actor=second_admin)
            run_once()
            restore.refresh_from_db()
            assert (restore.status, restore.error_code) == ("failed", "approval_expired")
            assert rows_in(server, backup.database.database_name) == NOW


def test_only_an_administrator_takes_the_protection_away(
    backed_up: MakeBackup, server: TestServer, operator: User, admin: User
) -> None:
    with changed_shop(backed_up, server) as backup:
        protect(backup, admin)
        with pytest.raises(NotAllowed):
            update_database(database=backup.database, actor=operator, protected=False)
