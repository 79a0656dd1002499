"""A token's scope: at most one role's rights, whoever bears it; and who may make tokens."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access.models import Agent, AuditEntry, Company, Token, User
from access.policy import NotAllowed, System
from access.roles import Role
from access.services import create_agent
from access.tokens import TokenError, create_token, revoke_token, rotate_token, tokens_of
from backups.models import Backup, Database
from tests.cast import make_backup

pytestmark = pytest.mark.django_db
CLI = System("cli")


def ask(token: str, path: str = "/api/backup/list", method: str = "get") -> int:
    call = getattr(Client(), method)
    headers = {"Authorization": f"Bearer {token}"}
    return int(call(path, content_type="application/json", headers=headers).status_code)


def scoped(user: User, scope: str) -> User:
    """The person as a request with such a token brings them."""
    create_token(user=user, name="x", actor=CLI, scope=scope)
    token: Token = Token.objects.latest("created")
    return token.bearer()


def test_a_scope_takes_rights_away(admin: User, superuser: User, database: Database) -> None:
    backup = make_backup(database)
    for user in (admin, superuser):
        reader = create_token(user=user, name="x", actor=CLI, scope=Role.VIEWER)
        whole = create_token(user=user, name="x", actor=CLI)
        assert ask(reader) == 200
        assert ask(reader, "/api/backup/create", "post") in (400, 403)
        assert ask(reader, f"/api/backup/download/{backup.pk}") == 403
        assert ask(whole, f"/api/backup/download/{backup.pk}") != 403


def test_each_question_goes_by_the_scope(admin: User, superuser: User, database: Database) -> None:
    make_backup(database)
    for user in (admin, superuser):
        reader = scoped(user, Role.VIEWER)
        assert reader.may("backups.view_backup", database.company)
        assert reader.has_perm("backups.view_backup") or user.is_superuser
        assert not reader.may("backups.delete_database")
        assert not reader.may("backups.add_backup", database.company)
        assert Backup.objects.visible_to(reader).count() == 1
        assert not AuditEntry.objects.visible_to(reader).exists()
        sender = scoped(user, Role.AGENT)
        assert not Backup.objects.visible_to(sender).exists()


def test_permissions_of_the_pages_go_by_it_too(admin: User) -> None:
    assert admin.has_perm("backups.add_backup")
    assert not scoped(admin, Role.VIEWER).has_perm("backups.add_backup")


def test_a_scope_gives_nothing(viewer: User, operator: User) -> None:
    for user, scope in ((viewer, Role.OPERATOR), (operator, Role.ADMIN)):
        with pytest.raises(TokenError, match="more than its bearer"):
            create_token(user=user, name="x", actor=user, scope=scope)


def test_a_role_that_is_lost_later_is_lost_to_the_token(operator: User) -> None:
    text = create_token(user=operator, name="x", actor=operator, scope=Role.VIEWER)
    operator.memberships.update(role=Role.AGENT)
    assert ask(text) == 403


def test_people_make_their_own_tokens_alone(
    viewer: User, admin: User, stranger: User, superuser: User, company: Company
) -> None:
    agent, _text = create_agent(name="till", company=company, actor=CLI)
    create_token(user=viewer, name="own", actor=viewer)
    create_token(user=viewer, name="by root", actor=superuser)
    create_token(user=agent.user, name="more", actor=admin)
    for actor, user in (
        (admin, viewer), (viewer, admin), (viewer, agent.user), (stranger, agent.user),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            create_token(user=user, name="x", actor=actor)
        token = tokens_of(user).first()
        if token is not None:
            for verb in (revoke_token, rotate_token):
                with pytest.raises(NotAllowed):
                    verb(token=token, actor=actor)


def test_the_old_token_of_a_rotation_ends_soon(company: Company, admin: User) -> None:
    agent, first = create_agent(name="till", company=company, actor=CLI, role=Role.VIEWER)
    token = tokens_of(agent.user).get()
    second = rotate_token(token=token, actor=admin, overlap=timedelta(0))
    assert ask(first) == 401
    assert ask(second) == 200
    entry = AuditEntry.objects.get(action="token.rotated")
    assert (entry.actor, entry.company) == (admin, company)
    assert entry.changes["replaces"] == token.token_key


def test_the_command_rotates_lists_and_revokes(company: Company) -> None:
    out = StringIO()
    call_command("agent", "create", "till", role="viewer", days=30, stdout=out, stderr=StringIO())
    first = out.getvalue().strip()
    token = Token.objects.get()
    assert token.expiry is not None
    out = StringIO()
    call_command("agent", "rotate", "till", stdout=out, stderr=StringIO())
    second = out.getvalue().strip()
    assert ask(first) == ask(second) == 200
    out = StringIO()
    call_command("agent", "list", stdout=out)
    assert "till" in out.getvalue()
    assert first not in out.getvalue()
    call_command("agent", "revoke", "till", stdout=StringIO())
    assert ask(first) == ask(second) == 401
    assert Agent.objects.filter(agent_id="till").exists()
    for verb in ("rotate", "revoke"):
        with pytest.raises(CommandError) as found:
            call_command("agent", verb, "nobody")
        assert found.value.returncode == 3
