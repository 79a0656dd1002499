"""Who comes in: tickets, limits over all processes, throttled tries, and too many words."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from access.models import User
from monitoring.files.models import TrackedFile
from monitoring.live.models import LiveTicket, ServerProcess
from monitoring.live.tickets import forget_old_tickets
from tests.config.waiting import wait_for
from tests.monitoring.live.conftest import Listening, session_of, token_of
from tests.web import WebServer

# With the others that ask a web server: here one is started besides.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("web")]


def path(file: TrackedFile) -> str:
    return f"/ws/downloads/{file.pk}"


def ticket_of(user: User, token: str = "") -> str:
    client = Client(headers={"Authorization": f"Bearer {token}"} if token else {})
    if not token:
        client.force_login(user)
    answer = client.post("/api/live/tickets", content_type="application/json")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"ticket", "expires_at"}
    assert body["expires_at"] > timezone.now().isoformat()[:19]
    return str(body["ticket"])


def test_a_ticket_opens_one_stream_and_that_one_again(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    ticket = ticket_of(viewer, token_of(viewer))
    # No cookie and no header, and from a page of another site.
    socket = listening.socket(f"{path(file)}?ticket={ticket}", origin="https://elsewhere.example")
    assert socket.next()["type"] == "connection_established"
    place = socket.next()["id"]
    again = listening.socket(f"{path(file)}?ticket={ticket}&since={place}", origin=None)
    assert again.next()["type"] == "connection_established"
    same = listening.stream(f"/downloads/{file.pk}/stream?ticket={ticket}")
    assert same.status == 200
    other = listening.socket(f"/ws/queue?ticket={ticket}", origin=None)
    assert other.next()["code"] == "not_authenticated"
    assert other.close_code() == 4401
    assert listening.stream(f"/downloads/queue/stream?ticket={ticket}").status == 401


@pytest.mark.exhaustive
def test_a_ticket_ends(listening: Listening, viewer: User, file: TrackedFile) -> None:
    unused, used = ticket_of(viewer), ticket_of(viewer)
    assert listening.stream(f"/downloads/queue/stream?ticket={used}").status == 200
    LiveTicket.objects.update(ends_at=timezone.now())
    for ticket in (unused, used, "nonsense", ""):
        assert listening.stream(f"/downloads/queue/stream?ticket={ticket}").status == 401
    assert forget_old_tickets() == 2


@pytest.mark.exhaustive
def test_a_ticket_ends_with_the_login_it_was_got_by(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    by_token = ticket_of(viewer, token_of(viewer))
    by_session = ticket_of(viewer)
    socket = listening.socket(f"{path(file)}?ticket={by_token}", origin=None)
    socket.until("download_update")
    viewer.auth_token_set.all().delete()
    assert socket.until_error(seconds=25) == "not_authenticated"
    viewer.set_password("another")
    viewer.save()
    refused = listening.socket(f"{path(file)}?ticket={by_session}", origin=None)
    assert refused.next()["code"] == "not_authenticated"


@pytest.fixture(scope="module")
def strict(django_db_setup: None) -> Iterator[WebServer]:
    """Two connections for a person, four for an address, and few tries."""
    server = WebServer(
        HOLDFAST_LIVE_PER_USER="2",
        HOLDFAST_LIVE_PER_ADDRESS="4",
        HOLDFAST_API_PER_ADDRESS="40",
        HOLDFAST_LOG_LEVEL="INFO",
    )
    server.start()
    yield server
    server.stop()
    server.folder.cleanup()


@pytest.fixture
def strictly(strict: WebServer) -> Iterator[Listening]:
    cache.clear()
    listening = Listening(strict)
    yield listening
    for each in listening.open:
        each.close()
    cache.clear()


@pytest.mark.exhaustive
def test_so_many_for_a_person_and_an_address(
    strictly: Listening, viewer: User, stranger: User, agent: User
) -> None:
    opened: list[Any] = [
        strictly.socket("/ws/queue", viewer),
        strictly.stream("/downloads/queue/stream", viewer),
    ]
    for one in opened:
        one.next()
    third = strictly.socket("/ws/queue", viewer)
    assert third.next()["code"] == "too_many_connections"
    assert third.close_code() == 4429
    refused = strictly.stream("/downloads/stats/stream", viewer)
    assert (refused.status, refused.body()["code"]) == (429, "too_many_connections")
    assert refused.header("Retry-After") == "30"
    for _ in range(2):
        strictly.socket("/ws/queue", stranger).next()
    last = strictly.socket("/ws/queue", agent)
    assert last.next()["code"] == "too_many_connections"
    opened[0].close()

    def has_room() -> bool:
        return bool(strictly.socket("/ws/queue", viewer).next()["type"] != "error")

    wait_for(has_room, seconds=10, what="a connection that was closed counts no more")


@pytest.mark.exhaustive
def test_connections_of_other_processes_count(strictly: Listening, viewer: User) -> None:
    other = ServerProcess.objects.create(
        started_at=timezone.now(), users={f"u{viewer.pk}": 2}, connections={"queue": 2}
    )
    refused = strictly.socket("/ws/queue", viewer)
    assert refused.next()["code"] == "too_many_connections"
    # It was killed: nobody says any more that they are open.
    ServerProcess.objects.filter(pk=other.pk).update(seen_at=timezone.now() - timedelta(minutes=1))
    assert strictly.socket("/ws/queue", viewer).next()["type"] == "connection_established"


@pytest.mark.exhaustive
def test_wrong_tokens_are_throttled(strictly: Listening, viewer: User) -> None:
    codes: list[Any] = []
    for number in range(200):
        if number % 2:
            codes.append(
                strictly.socket("/ws/queue", token=f"hf_{number}", origin=None).next()["code"]
            )
        else:
            answer = strictly.stream(f"/downloads/queue/stream?ticket=no{number}")
            codes.append(answer.body()["code"])
        if codes[-1] == "throttled":
            break
    assert set(codes) == {"not_authenticated", "throttled"}
    assert len(codes) > 20
    # The same count as the API's: who guesses here is refused there, too.
    api = strictly.stream("/api/queue", token="hf_wrong")
    assert api.status == 429
    right = strictly.stream("/downloads/queue/stream", token=token_of(viewer))
    assert (right.status, right.header("Retry-After")) == (429, "60")


@pytest.mark.exhaustive
def test_what_is_said_is_bounded(listening: Listening, viewer: User) -> None:
    long = listening.socket("/ws/queue", viewer)
    long.next()
    long.connection.send("x" * 5000)
    assert long.close_code() == 1009
    often = listening.socket("/ws/queue", viewer)
    often.next()
    for _ in range(200):
        try:
            often.connection.send("ping")
        except ConnectionClosed:
            break
    assert often.until_error(10) == "throttled"
    assert often.close_code() == 4429
    quiet = listening.socket("/ws/queue", viewer)
    quiet.next()
    quiet.connection.send("ping")
    assert quiet.next()["type"] == "queue_update"


@pytest.mark.exhaustive
def test_a_ticket_is_in_no_log(strictly: Listening, strict: WebServer, viewer: User) -> None:
    ticket = ticket_of(viewer)
    strictly.stream(f"/downloads/queue/stream?ticket={ticket}").next()
    wait_for(lambda: "live_connected" in strict.said(), seconds=10, what="it is logged")
    assert "/downloads/queue/stream" in strict.said()
    assert ticket not in strict.said()


@pytest.mark.exhaustive
def test_all_processes_are_counted_together(
    listening: Listening, strictly: Listening, viewer: User
) -> None:
    """Two servers on one database; either says what both have."""
    cookie = {"Cookie": session_of(viewer)}
    listening.socket("/ws/stats", viewer).next()
    strictly.socket("/ws/stats", viewer).next()

    def total(where: Listening) -> int:
        return int(where.stream("/ws/connections", None, **cookie).body()["stats_connections"])

    for where in (listening, strictly):
        wait_for(lambda: total(where) == 2, seconds=10, what="both are counted")  # noqa: B023
