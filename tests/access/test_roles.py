"""The table of roles, and what each role gets to see."""

from dataclasses import dataclass

import pytest

from access.models import AuditEntry, Company, Membership, User
from access.policy import Actor, NotAllowed, System, companies_where, require
from access.roles import ROLES, Role, grants
from backups.models import Backup, Database
from backups.selectors import backup_for, database_for, storage_for
from storage.models import StorageTarget
from tests.cast import make_backup, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("backups.view_backup", {"viewer", "operator", "admin"}),
        ("storage.view_storedobject", {"viewer", "operator", "admin"}),
        ("backups.add_backup", {"operator", "admin"}),
        ("backups.download_backup", {"operator", "admin"}),
        ("backups.cancel_backup", {"operator", "admin"}),
        ("monitoring.view_trackedfile", {"viewer", "operator", "admin"}),
        ("monitoring.view_logline", {"viewer", "operator", "admin"}),
        ("monitoring.follow_files", {"viewer", "operator", "admin", "agent"}),
        ("monitoring.view_event", {"admin"}),
        ("monitoring.view_alert", {"viewer", "operator", "admin"}),
        ("backups.test_database", {"operator", "admin"}),
        ("backups.add_database", {"admin"}),
        ("backups.change_database", {"admin"}),
        ("backups.manage_recovery_key", {"admin"}),
        ("storage.add_storagetarget", {"admin"}),
        ("access.add_agent", {"admin"}),
        ("access.view_auditentry", {"admin"}),
        ("access.delete_user", set()),
        ("backups.delete_backup", {"admin"}),
        ("backups.delete_database", {"admin"}),
        ("backups.hold_backup", {"admin"}),
        ("backups.open_backup", {"admin"}),
        ("backups.view_backupschedule", {"viewer", "operator", "admin"}),
        ("backups.test_backupschedule", {"operator", "admin"}),
        ("storage.test_storagetarget", {"operator", "admin"}),
        ("storage.delete_storagetarget", {"admin"}),
        ("no.such_permission", set()),
    ],
)
def test_each_role_may_what_the_table_says(
    permission: str, allowed: set[str], company: Company
) -> None:
    elsewhere = Company.objects.create(name="Elsewhere")
    for role in Role:
        user = person(f"some-{role}", company, role)
        expected = role in allowed
        assert grants(role, permission) is expected
        assert user.may(permission, company) is expected
        assert user.may(permission) is expected
        assert user.has_perm(permission) is expected
        assert user.has_perm(permission, company) is expected
        assert not user.may(permission, elsewhere)
        assert not user.has_perm(permission, elsewhere)


def test_the_gate_opens_for_the_right_role_in_the_right_company(
    operator: User, viewer: User, stranger: User, company: Company
) -> None:
    require(operator, "backups.add_backup", company)
    require(System("tick"), "backups.add_backup", company)
    for denied in (viewer, stranger):
        with pytest.raises(NotAllowed, match="role"):
            require(denied, "backups.add_backup", company)


def test_who_is_switched_off_may_nothing(admin: User, superuser: User, company: Company) -> None:
    for user in (admin, superuser):
        assert user.may("backups.view_backup", company)
        user.is_active = False
        user.save(update_fields=["is_active"])
        assert not user.may("backups.view_backup", company)
        assert not user.has_perm("backups.view_backup")


def test_every_role_is_in_the_table() -> None:
    assert set(ROLES) == set(Role)


@dataclass
class Sights:
    """How many rows of each kind an actor sees."""

    backups: int
    databases: int
    storages: int
    audit: int

    @classmethod
    def of(cls, actor: User) -> "Sights":
        return cls(
            Backup.objects.visible_to(actor).count(),
            Database.objects.visible_to(actor).count(),
            StorageTarget.objects.visible_to(actor).count(),
            AuditEntry.objects.visible_to(actor).count(),
        )


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("viewer", Sights(1, 1, 1, 0)),
        ("operator", Sights(1, 1, 1, 0)),
        ("admin", Sights(1, 1, 1, 1)),
        ("superuser", Sights(1, 1, 1, 1)),
        ("agent", Sights(0, 0, 0, 0)),
        ("stranger", Sights(0, 0, 0, 0)),
    ],
)
def test_what_each_one_sees(
    who: str, sees: Sights, database: Database, company: Company, request: pytest.FixtureRequest
) -> None:
    make_backup(database)
    AuditEntry.objects.create(company=company, actor_name="x", action="x", object_type="x")
    assert Sights.of(request.getfixturevalue(who)) == sees


def test_roles_in_two_companies_do_not_add_up(viewer: User, database: Database) -> None:
    """Administrator there and viewer here is no administrator here."""
    other = Company.objects.create(name="Branch")
    Membership.objects.create(user=viewer, company=other, role=Role.ADMIN)
    make_backup(database)
    entry = {"actor_name": "x", "action": "x", "object_type": "x"}
    AuditEntry.objects.create(company=database.company, **entry)
    theirs = AuditEntry.objects.create(company=other, **entry)
    assert Backup.objects.visible_to(viewer).count() == 1
    assert list(AuditEntry.objects.visible_to(viewer)) == [theirs]
    assert not viewer.may("backups.add_database", database.company)


def test_what_is_missing_and_what_is_anothers_answer_alike(
    database: Database, storage_target: StorageTarget, viewer: User, stranger: User, agent: User
) -> None:
    backup = make_backup(database)
    unknown = "00000000-0000-0000-0000-000000000000"
    assert backup_for(actor=viewer, backup_id=backup.pk) == backup
    assert database_for(actor=viewer, ref="orders") == database
    assert database_for(actor=viewer, ref=str(database.pk)) == database
    assert storage_for(actor=viewer, ref="vault", database=database) == storage_target

    def refusal(actor: User, backup_id: str) -> str:
        with pytest.raises(Exception, match="no such backup") as caught:
            backup_for(actor=actor, backup_id=backup_id)
        return f"{caught.type.__name__}: {caught.value}"

    expected = refusal(viewer, unknown)
    assert refusal(viewer, "no id at all") == expected
    assert refusal(stranger, str(backup.pk)) == expected
    assert refusal(agent, str(backup.pk)) == expected
    for ref in ("orders", str(database.pk), "or\0ders", "or\udcffders", ""):
        with pytest.raises(Exception, match="no database named"):
            database_for(actor=stranger, ref=ref)
        with pytest.raises(Exception, match="no storage named"):
            storage_for(actor=stranger, ref=ref, database=database)


def test_a_name_that_two_companies_use_is_no_reference(
    database: Database, superuser: User, viewer: User
) -> None:
    other = Company.objects.create(name="Branch")
    Database.objects.create(company=other, name="orders", host="h", database_name="d", username="u")
    assert database_for(actor=viewer, ref="orders") == database
    with pytest.raises(Exception, match="use its id"):
        database_for(actor=superuser, ref="orders")


def test_the_companies_in_which_one_may(
    admin: User, viewer: User, stranger: User, superuser: User, agent: User
) -> None:
    company = admin.memberships.get().company
    other = stranger.memberships.get().company
    Membership.objects.create(user=admin, company=other, role=Role.VIEWER)

    def found(actor: Actor, permission: str) -> set[Company]:
        return set(companies_where(actor, permission))

    assert found(admin, "backups.add_database") == {company}
    assert found(admin, "backups.view_database") == {company, other}
    assert found(viewer, "backups.add_database") == set()
    assert found(agent, "backups.view_database") == set()
    for everywhere in (superuser, System("cli")):
        assert found(everywhere, "backups.add_database") == {company, other}
    # A token's limit holds for a superuser, too.
    superuser.cap = admin.cap = Role.VIEWER
    assert found(superuser, "backups.add_database") == found(admin, "backups.add_database") == set()
    assert found(superuser, "backups.view_database") == {company, other}
