"""The API of what comes in: lists, an end, a second try; and what agents are allowed."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access.models import Agent, AuditEntry, Company, User
from access.policy import System
from access.services import create_agent
from storage.models import StorageTarget
from tests.cast import Login
from tests.uploads.made import make_recording, make_session
from uploads.models import Allowance, UploadSession
from uploads.overview import list_senders
from uploads.rates import rate_after

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


def test_the_page_of_one_agent(
    sessions: list[UploadSession], company: Company, login: Login, agent: User, admin: User
) -> None:
    Agent.objects.create(agent_id="till", company=company, user=agent)
    url = "/dashboard/uploads/senders/till"
    client = login(admin)
    assert f'href="{url}"' in client.get("/dashboard/uploads").content.decode()
    page = client.get(url).content.decode()
    assert "2 of 50" in page
    assert "Empty: as the installation has it, 10.7 GB." in page
    for wrong, said in (
        ({"most_open": "-1"}, "Open at once: Ensure this value"),
        ({"most_mb": "100 kB"}, "A file: 1 MiB is the least"),
        ({"most_mb_a_day": "10000 PB"}, "In 24 hours: That is more than can be counted."),
        ({"most_mb_a_day": "3 PB"}, "In 24 hours: 1 MiB is the least"),
    ):
        answer = client.post(url, wrong)
        assert answer.status_code == 400
        assert said in answer.content.decode()
    assert not Allowance.objects.exists()
    # 1.43 of them: what was said is never exceeded.
    wish = {"most_mb": "1.5 MB", "most_mb_a_day": "0", "deletes_recordings": "on"}
    assert client.post(url, wish).status_code == 302
    own = Allowance.objects.get()
    assert (own.most_mb, own.most_open, own.most_mb_a_day) == (1, None, 0)
    answer = client.post(url, {"most_mb": "1 MiB", "most_open": "", "deletes_recordings": "on"})
    assert (answer.status_code, answer["Location"]) == (302, url)
    own = Allowance.objects.get()
    assert (own.most_mb, own.most_open, own.most_mb_a_day) == (1, None, None)
    assert own.deletes_recordings is True
    assert 'name="most_mb" value="1 MiB"' in client.get(url).content.decode()
    # What the page says holds at once.
    body = {"file_size": (1 << 20) + 1}
    opened = login(agent).post("/api/uploads/create-session", body, content_type="application/json")
    assert (opened.status_code, opened.json()["code"]) == (413, "too_large")


def test_the_rate_is_of_those_who_send_now(
    sessions: list[UploadSession], login: Login, viewer: User
) -> None:
    def receive(session: UploadSession, rate: float, *, seconds_ago: int) -> None:
        last = timezone.now() - timedelta(seconds=seconds_ago)
        rows = UploadSession.objects.filter(pk=session.pk)
        rows.update(status="uploading", rate=rate, last_byte_at=last)

    receive(sessions[0], 2e6, seconds_ago=1)
    receive(sessions[1], 7e6, seconds_ago=60)
    client = login(viewer)
    assert "1 sends now, 2.00 MB/s." in client.get("/dashboard/uploads").content.decode()
    receive(sessions[2], 3e6, seconds_ago=1)
    page = client.get("/dashboard/uploads").content.decode()
    assert "2 send now, together 5.00 MB/s." in page
    assert "7.00 MB/s" not in page
    rates = [one["rate"] for one in client.get("/api/uploads").json()["results"]]
    assert rates == [3_000_000, None, 2_000_000]


@pytest.mark.parametrize(
    ("pause", "least", "most"), [(1.0, 1.1e6, 1.4e6), (60.0, 1.9e6, 2.1e6), (6.0, 0.3e6, 0.4e6)]
)
def test_a_pause_is_no_part_of_the_rate(
    sessions: list[UploadSession], pause: float, least: float, most: float
) -> None:
    """2 MB came in one second: beside what came before, after a pause, and after a short one."""
    rows = UploadSession.objects.filter(pk=sessions[0].pk)
    rows.update(rate=1e6, last_byte_at=Now() - timedelta(seconds=pause))
    rows.update(rate=rate_after(size=2_000_000, seconds=1.0), last_byte_at=Now())
    assert least < rows.get().rate < most


def test_a_broken_video_is_marked(
    agent: User, storage_target: StorageTarget, clip: bytes, login: Login, viewer: User
) -> None:
    whole = make_recording(agent, storage_target, clip, file_name="whole.mp4")
    assert whole.damage == ""
    client = login(viewer)
    assert "Not whole" not in client.get("/dashboard/uploads").content.decode()
    make_recording(agent, storage_target, clip[:3000], file_name="broken.mp4")
    page = client.get("/dashboard/uploads").content.decode()
    before, _mark, _rest = page.partition("Not whole")
    assert before.rpartition(".mp4")[0].endswith("broken")
