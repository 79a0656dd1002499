"""The API of what comes in: lists, an end, a second try; and what agents are allowed."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from access.models import Agent, AuditEntry, Company, User
from access.policy import System
from access.services import create_agent
from storage.models import StorageTarget
from tests.cast import Login
from tests.uploads.made import make_session
from uploads.models import Allowance, UploadSession
from uploads.overview import list_senders

pytestmark = pytest.mark.django_db


@pytest.fixture
def sessions(agent: User, operator: User, storage_target: StorageTarget) -> list[UploadSession]:
    """Two of the agent, one of the operator."""
    return [
        make_session(who, storage_target, b"x" * size, client_id="")
        for size, who in ((1, agent), (2, agent), (3, operator))
    ]


def listed(client: Client, query: str = "") -> list[int]:
    answer = client.get(f"/api/uploads{query}")
    assert answer.status_code == 200, answer.content
    return [one["file_size"] for one in answer.json()["results"]]


def test_lists(
    sessions: list[UploadSession], login: Login, viewer: User, agent: User, stranger: User
) -> None:
    client = login(viewer)
    assert listed(client) == [3, 2, 1]
    assert listed(client, "?state=active") == [3, 2, 1]
    assert listed(client, "?state=failed") == []
    first = client.get("/api/uploads?limit=2&state=active").json()
    assert [one["sender"] for one in first["results"]] == ["otto", "agent:till"]
    assert [one["file_size"] for one in client.get(first["next"]).json()["results"]] == [1]
    assert listed(login(agent)) == [2, 1]
    assert listed(login(stranger)) == []
    for query, option in (("state=x", "state"), ("cursor=x", "cursor"), ("limit=0", "limit")):
        answer = client.get(f"/api/uploads?{query}")
        assert (answer.status_code, answer.json()["option"]) == (400, option)


def test_an_end_and_a_second_try(
    sessions: list[UploadSession], login: Login, viewer: User, operator: User, agent: User
) -> None:
    def end(user: User, session: UploadSession) -> int:
        return login(user).post(f"/api/uploads/{session.public_id}/end").status_code

    assert end(viewer, sessions[0]) == 403
    assert end(agent, sessions[2]) == 404
    assert end(agent, sessions[0]) == 200
    assert end(operator, sessions[1]) == 200
    assert end(operator, sessions[1]) == 409
    answer = login(operator).post(f"/api/uploads/{sessions[1].public_id}/store")
    assert (answer.status_code, answer.json()["code"]) == (409, "session_over")
    UploadSession.objects.filter(pk=sessions[2].pk).update(status="failed", sha256="ab" * 32)
    answer = login(operator).post(f"/api/uploads/{sessions[2].public_id}/store")
    assert (answer.status_code, answer.json()["status"]) == (202, "finalizing")


def test_what_agents_are_allowed(
    sessions: list[UploadSession],
    company: Company,
    login: Login,
    agent: User,
    admin: User,
    operator: User,
    stranger: User,
) -> None:
    Agent.objects.create(agent_id="till", company=company, user=agent)
    mine = login(agent).get("/api/uploads/quota").json()
    assert (mine["open"], mine["bytes_today"], mine["most_open"]) == (2, 3, 50)
    url, body = "/api/uploads/senders/till", {"most_open": 2, "deletes_recordings": True}
    for user, status in ((operator, 404), (stranger, 404), (agent, 404)):
        assert login(user).get(url).status_code == status
        refused = login(user).put(url, body, content_type="application/json")
        assert refused.status_code == status
    assert login(operator).get("/api/uploads/senders").status_code == 403
    assert login(stranger).get("/api/uploads/senders").json() == {"results": []}
    assert login(admin).put(url, body, content_type="application/json").status_code == 200
    [shown] = login(admin).get("/api/uploads/senders").json()["results"]
    assert (shown["agent_id"], shown["open"], shown["most_open"]) == ("till", 2, 2)
    assert Allowance.objects.get().deletes_recordings is True
    assert AuditEntry.objects.filter(action="upload.allowance_changed").count() == 1
    # What is left out stays.
    login(admin).put(url, {"most_open": None}, content_type="application/json")
    assert (Allowance.objects.get().most_open, Allowance.objects.get().deletes_recordings) == (
        None,
        True,
    )
    page = login(admin).get("/dashboard/uploads").content.decode()
    assert "2 of 50 open" in page
    assert "may delete its recordings" in page
    assert "What agents may send" not in login(operator).get("/dashboard/uploads").content.decode()


def test_many_senders_cost_no_more(
    company: Company, admin: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        create_agent(name=f"till-{number}", company=company, actor=System("tests"))
    admin.may("uploads.view_allowance")
    # Who may see them, the agents, what each is allowed, what each has used.
    with django_assert_max_num_queries(3):
        assert len(list_senders(actor=admin)) == 12
