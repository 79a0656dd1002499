"""`manage.py agent create`: the token once, on its own line; exit codes for what cannot be."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from access.models import Agent, Company, Token
from access.roles import Role

pytestmark = pytest.mark.django_db


def create(*arguments: str) -> str:
    out, err = StringIO(), StringIO()
    call_command("agent", "create", *arguments, stdout=out, stderr=err)
    assert "not shown again" in err.getvalue()
    return out.getvalue()


def refused(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        create(*arguments)
    return caught.value


def test_it_prints_the_token_and_nothing_else(company: Company) -> None:
    token = create("till-1", "--role", "viewer")
    assert token == token.strip() + "\n"
    headers = {"Authorization": f"Bearer {token.strip()}"}
    assert Client().get("/api/backup/list", headers=headers).status_code == 200
    agent = Agent.objects.get(agent_id="till-1")
    assert agent.user.role_in(company) == Role.VIEWER


def test_a_name_cannot_be_had_twice(company: Company) -> None:
    create("till-1")
    error = refused("till-1")
    assert error.returncode == 2
    assert "exists already" in str(error)
    assert Token.objects.count() == 1


@pytest.mark.parametrize("name", ["a b", "", "x" * 101, "x" * 300, "../../etc", "ü"])
def test_a_name_that_cannot_be_is_refused(company: Company, name: str) -> None:
    assert refused(name).returncode == 2
    assert not Agent.objects.exists()


def test_an_unknown_role_is_bad_usage(company: Company) -> None:
    assert "invalid choice" in str(refused("till-1", "--role", "emperor"))
    assert not Agent.objects.exists()


def test_the_company_is_asked_for_when_there_are_several(company: Company) -> None:
    Company.objects.create(name="Branch")
    error = refused("till-1")
    assert error.returncode == 2
    assert "--company" in str(error)
    create("till-1", "--company", "Branch")
    assert Agent.objects.get().company.name == "Branch"


def test_an_unknown_company_is_not_found(company: Company) -> None:
    error = refused("till-1", "--company", "Nowhere")
    assert error.returncode == 3
    assert "Nowhere" in str(error)


def test_without_any_company_it_says_so() -> None:
    assert refused("till-1").returncode == 2
