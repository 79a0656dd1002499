"""Tokens and agents: shown once, kept as digests, ended by time, by hand and with the account."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access.models import Agent, AuditEntry, Company, Membership, Token, User
from access.policy import NotAllowed, System
from access.roles import Role
from access.services import AccessError, create_agent, set_membership
from access.tokens import create_token, forget_expired_tokens
from tests.cast import person

pytestmark = pytest.mark.django_db
LIST = "/api/backup/list"


def ask(token: str, *, scheme: str = "Bearer") -> int:
    return Client().get(LIST, headers={"Authorization": f"{scheme} {token}"}).status_code


@pytest.fixture
def token(viewer: User, admin: User) -> str:
    return create_token(user=viewer, name="laptop", actor=viewer)


def test_a_token_opens_the_api(token: str) -> None:
    assert token.startswith("hf_")
    assert ask(token) == 200
    assert ask(token, scheme="bearer") == 200


def test_only_its_digest_is_kept(token: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t::text FROM access_token t UNION SELECT t::text FROM access_auditentry t"
        )
        rows = " ".join(row[0] for row in cursor.fetchall())
    assert len(Token.objects.get().digest) == 128
    assert token not in rows
    assert token[len("hf_") + 15 :] not in rows


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer hf_0000000000000000",
        "Bearer one two",
        "Bearer ünï",
        "Bearer " + "a" * 5000,
        "Bearer %00",
        "Bearer a\0b",
        "Token x",
        "Basic dmVyYTpjb3JyZWN0",
        "☃".encode().decode("latin-1"),
        "Bearer \xff\xfe",
    ],
)
def test_what_is_no_token_is_refused(header: str) -> None:
    answer = Client().get(LIST, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 401


def test_a_touched_token_is_refused(token: str) -> None:
    for position in range(3, len(token), 7):
        other = "0" if token[position] != "0" else "1"
        assert ask(token[:position] + other + token[position + 1 :]) == 401
    assert ask(token + "0") == 401
    assert ask(token[:-1]) == 401
    assert ask(token, scheme="Token") == 401


def test_a_token_in_the_address_is_no_token(token: str) -> None:
    assert Client().get(f"{LIST}?token={token}&authorization=Bearer%20{token}").status_code == 401


def test_an_expired_token_is_refused(viewer: User, admin: User) -> None:
    token = create_token(user=viewer, name="short", actor=viewer, lifetime=timedelta(hours=1))
    assert ask(token) == 200
    with CaptureQueriesContext(connection) as asked:
        assert ask(token) == 200
    assert len([one for one in asked if '"access_token"' in one["sql"]]) == 1
    other = create_token(user=viewer, name="longer", actor=viewer)
    Token.objects.filter(name="short").update(expiry=timezone.now() - timedelta(seconds=1))
    assert ask(token) == 401
    assert forget_expired_tokens() == 1
    assert (ask(token), ask(other)) == (401, 200)


def test_a_revoked_token_is_refused(token: str) -> None:
    assert ask(token) == 200
    Token.objects.all().delete()
    assert ask(token) == 401


def test_a_token_ends_with_its_account_and_its_membership(token: str, viewer: User) -> None:
    Membership.objects.filter(user=viewer).delete()
    assert ask(token) == 403
    User.objects.filter(pk=viewer.pk).update(is_active=False)
    assert ask(token) == 401


def test_the_last_use_is_kept_but_not_written_on_every_call(token: str) -> None:
    assert Token.objects.get().last_used_at is None
    ask(token)
    first = Token.objects.get().last_used_at
    assert first is not None
    ask(token)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=first - timedelta(minutes=2))
    ask(token)
    again = Token.objects.get().last_used_at
    assert again is not None
    assert again >= first


def test_an_agent_is_an_account_with_a_role_and_a_token(admin: User, company: Company) -> None:
    agent, token = create_agent(name="till-1", company=company, actor=admin)
    assert agent.user.kind == User.Kind.AGENT
    assert agent.user.role_in(company) == Role.AGENT
    assert not agent.user.has_usable_password()
    # It is known, but reads nothing of the company.
    assert ask(token) == 403
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "agent.created",
        "token.created",
    }
    assert AuditEntry.objects.filter(actor=admin).count() == 2


def test_who_may_not_makes_no_agent(operator: User, stranger: User, company: Company) -> None:
    for actor in (operator, stranger):
        with pytest.raises(NotAllowed):
            create_agent(name="till-1", company=company, actor=actor)
    assert not Agent.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_name_is_given_once_and_nothing_is_left_of_a_refusal(
    admin: User, company: Company
) -> None:
    create_agent(name="till-1", company=company, actor=admin)
    before = User.objects.count(), Token.objects.count(), AuditEntry.objects.count()
    with pytest.raises(AccessError, match="till-1 exists"):
        create_agent(name="till-1", company=company, actor=admin)
    for bad in ("", "a b", "../x", "ünï", "x" * 101, "x" * 300):
        with pytest.raises(Exception, match=r"(?i)agent.id|valid|blank|at most"):
            create_agent(name=bad, company=company, actor=admin)
    after = User.objects.count(), Token.objects.count(), AuditEntry.objects.count()
    assert after == before


def test_a_membership_is_set_by_an_administrator_of_the_system_only(
    viewer: User, operator: User, admin: User, company: Company
) -> None:
    for denied in (viewer, operator, admin):
        with pytest.raises(NotAllowed):
            set_membership(user=viewer, company=company, role=Role.ADMIN, actor=denied)
    assert viewer.role_in(company) == Role.VIEWER
    set_membership(user=viewer, company=company, role=Role.OPERATOR, actor=System("cli"))
    assert viewer.role_in(company) == Role.OPERATOR
    assert Membership.objects.filter(user=viewer, company=company).count() == 1


def test_a_person_without_a_company_sees_nothing(company: Company) -> None:
    other = Company.objects.create(name="Other")
    lost = person("lost", other, Role.VIEWER)
    Membership.objects.filter(user=lost).delete()
    assert ask(create_token(user=lost, name="x", actor=System("cli"))) == 403
