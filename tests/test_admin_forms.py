"""What staff makes and changes in the admin site."""

from typing import Any

from access.models import Agent, AuditEntry, Company, Token, User
from access.roles import Role
from access.services import create_agent
from backups.models import Database
from storage.models import StorageTarget
from tests.cast import (
    Login,
    admin,
    company,
    database,
    login,
    operator,
    person,
    storage_target,
    stranger,
    superuser,
)
from tests.test_admin import PASSWORD_FIELDS, url

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


class TestDatabase:
    form = {
        **PASSWORD_FIELDS,
        "tls_mode": "prefer",
        "drill_every": "1",
        "proof_days": "30",
        "password": "typed-in-the-admin",
    }

    def test_it_is_added_through_the_service(self, login: Login, admin: User) -> None:
        company = admin.memberships.get().company
        answer = login(admin).post(
            url(Database, "add"), {**self.form, "name": "billing", "company": company.pk}
        )
        assert answer.status_code == 302
        made = Database.objects.get()
        assert made.password == "typed-in-the-admin"
        entries = AuditEntry.objects.filter(object_id=str(made.pk))
        assert entries.count() == 1
        assert entries.get().actor == admin

    def test_not_into_another_company(self, login: Login, admin: User, stranger: User) -> None:
        theirs = stranger.memberships.get().company
        answer = login(admin).post(
            url(Database, "add"), {**self.form, "name": "billing", "company": theirs.pk}
        )
        assert answer.status_code == 200
        assert not Database.objects.exists()

    def test_the_password_is_never_shown(
        self, login: Login, superuser: User, database: Database
    ) -> None:
        html = login(superuser).get(url(Database, "change", database.pk)).content.decode()
        assert "the stored password" not in html
        assert database.password_sealed not in html

    def test_an_empty_password_stays_but_goes_nowhere_else(
        self, login: Login, admin: User, database: Database
    ) -> None:
        client = login(admin)
        same = {
            "name": "renamed",
            "password": "",
            "host": database.host,
            "port": database.port,
            "database_name": "orders",
            "username": database.username,
            "tls_mode": database.tls_mode,
            "drill_every": "1",
            "proof_days": "30",
        }
        path = url(Database, "change", database.pk)
        assert client.post(path, same).status_code == 302
        database.refresh_from_db()
        assert (database.name, database.password) == ("renamed", "the stored password")
        moved = client.post(path, {**same, "host": "evil.example"})
        assert moved.status_code == 200
        assert "Type the password again" in moved.content.decode()
        database.refresh_from_db()
        assert database.host == same["host"]

    def test_the_connection_is_tested(
        self, login: Login, admin: User, stranger: User, database: Database
    ) -> None:
        Database.objects.update(host="127.0.0.1", port=1)
        asked = {"action": "test_connections", "_selected_action": [str(database.pk)]}
        said = login(admin).post(url(Database), asked, follow=True).content.decode()
        assert "Check the host and port" in said
        said = login(stranger).post(url(Database), asked, follow=True).content.decode()
        assert "Check the host and port" not in said


class TestTokens:
    def test_an_agent_is_made_and_its_token_shown_once(self, login: Login, admin: User) -> None:
        company = admin.memberships.get().company
        answer = login(admin).post(
            url(Agent, "add"), {"agent_id": "till", "company": company.pk, "role": Role.VIEWER}
        )
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        text = answer.context["token"]
        assert text.startswith("hf_")
        assert text in answer.content.decode()
        assert Agent.objects.get().user.role_in(company) == Role.VIEWER
        assert text not in str(list(AuditEntry.objects.values_list("changes", "object_name")))

    def test_digests_are_shown_nowhere(
        self, login: Login, superuser: User, company: Company
    ) -> None:
        create_agent(name="till", company=company, actor=superuser)
        token = Token.objects.get()
        for path in (url(Token), url(Token, "change", token.pk)):
            assert token.digest not in login(superuser).get(path).content.decode()

    def test_deleting_revokes(
        self, login: Login, admin: User, stranger: User, company: Company
    ) -> None:
        create_agent(name="till", company=company, actor=admin)
        token = Token.objects.get()
        gone = url(Token, "delete", token.pk)
        login(stranger).post(gone, {"post": "yes"})
        assert Token.objects.exists()
        login(admin).post(gone, {"post": "yes"})
        assert not Token.objects.exists()
        assert AuditEntry.objects.filter(action="token.revoked", actor=admin).count() == 1

    def test_a_person_gets_one_from_a_superuser_only(
        self, login: Login, superuser: User, admin: User
    ) -> None:
        form = {"user": admin.pk, "name": "laptop", "days": "30"}
        assert login(admin).post(url(Token, "add"), form).status_code == 403
        answer = login(superuser).post(url(Token, "add"), form)
        assert answer.context["token"].startswith("hf_")
        assert Token.objects.get().expiry is not None


def test_a_target_is_made_with_a_full_path(login: Login, admin: User, tmp_path: Any) -> None:
    company = admin.memberships.get().company
    form = {"company": company.pk, "name": "vault", "is_default": "on"}
    client = login(admin)
    refused = client.post(url(StorageTarget, "add"), {**form, "folder": "relative/path"})
    assert "Give the full path" in refused.content.decode()
    made = client.post(url(StorageTarget, "add"), {**form, "folder": str(tmp_path)})
    assert made.status_code == 302
    target = StorageTarget.objects.get()
    assert AuditEntry.objects.filter(action="storage.created", object_id=str(target.pk)).exists()
    asked = {"action": "test_targets", "_selected_action": [str(target.pk)]}
    said = client.post(url(StorageTarget), asked, follow=True).content.decode()
    assert "a probe was written" in said


def test_a_change_of_a_person_is_in_the_audit(
    login: Login, superuser: User, company: Company
) -> None:
    vera = person("vera", company, Role.VIEWER)
    answer = login(superuser).post(
        url(User, "change", vera.pk),
        {
            "username": "vera",
            "email": "vera@example.com",
            "is_active": "on",
            "memberships-TOTAL_FORMS": "0",
            "memberships-INITIAL_FORMS": "0",
        },
    )
    assert answer.status_code == 302
    entry = AuditEntry.objects.get(action="user.changed")
    assert entry.actor == superuser
    assert entry.object_name == "vera"


class TestBucket:
    form = {
        "name": "cloud",
        "kind": "s3",
        "bucket": "backups",
        "endpoint": "https://192.0.2.7",
        "access_key": "AKIA",
        "secret_key": "typed-in-the-admin",
        "verify_tls": "on",
        "lock_mode": "GOVERNANCE",
    }

    def test_it_is_made_and_changed_and_its_secret_never_shown(
        self, login: Login, admin: User, stranger: User
    ) -> None:
        client, company = login(admin), admin.memberships.get().company
        assert client.get(url(StorageTarget, "add")).status_code == 200
        wrong = {**self.form, "company": company.pk, "bucket": "a/b"}
        assert client.post(url(StorageTarget, "add"), wrong).status_code == 200
        answer = client.post(url(StorageTarget, "add"), {**self.form, "company": company.pk})
        assert answer.status_code == 302
        target = StorageTarget.objects.get()
        assert (target.secret, target.options["bucket"]) == ("typed-in-the-admin", "backups")
        path = url(StorageTarget, "change", target.pk)
        html = client.get(path).content.decode()
        assert "typed-in-the-admin" not in html
        assert target.secret_sealed not in html
        same = {**self.form, "secret_key": "", "lock_days": "30", "bucket": "elsewhere"}
        assert client.post(path, same).status_code == 302
        target.refresh_from_db()
        assert (target.options["lock_days"], target.options["bucket"]) == (30, "backups")
        assert target.secret == "typed-in-the-admin"
        moved = client.post(path, {**same, "endpoint": "https://198.51.100.9"})
        assert "Type the secret" in moved.content.decode()
        assert login(stranger).post(path, same).status_code in (302, 403, 404)
        changed = AuditEntry.objects.filter(object_id=str(target.pk)).order_by("id")
        assert [entry.action for entry in changed] == ["storage.created", "storage.changed"]
        assert "typed-in-the-admin" not in str([entry.changes for entry in changed])
