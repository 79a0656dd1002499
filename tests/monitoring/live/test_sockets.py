"""WebSockets of a real server: what is told, in which order, and to whom."""

import pytest
from django.utils import timezone

from access.models import Membership, User
from monitoring.files.models import Stage, TrackedFile
from tests.monitoring.live.conftest import Listening, token_of

pytestmark = pytest.mark.django_db(transaction=True)


def path(file: TrackedFile) -> str:
    return f"/ws/downloads/{file.pk}"


def test_the_course_of_a_file(listening: Listening, viewer: User, file: TrackedFile) -> None:
    socket = listening.socket(path(file), viewer)
    first = socket.next()
    assert first["type"] == "connection_established"
    assert first["timestamp"].endswith("Z")
    assert first["data"]["download_id"] == str(file.pk)
    state = socket.next()
    assert state["type"] == "download_update"
    assert state["download_id"] == str(file.pk)
    assert state["data"] == {
        "progress": 0,
        "status": "pending",
        "title": "orders",
        "thumbnail": "/static/kinds/backup.svg",
        "url": "postgresql://host/orders",
        "stage": None,
        "bytes_done": None,
        "bytes_total": None,
        "rate": None,
        "eta_seconds": None,
    }
    Stage.objects.filter(file=file, key="dump").update(
        status="in_progress", started_at=timezone.now(), bytes_done=400, bytes_total=1000
    )
    TrackedFile.objects.filter(pk=file.pk).update(status="processing", progress=28)
    running = socket.until("download_update", status="downloading", stage="dump")["data"]
    assert (running["progress"], running["bytes_done"], running["bytes_total"]) == (28, 400, 1000)
    Stage.objects.filter(file=file).update(status="completed")
    TrackedFile.objects.filter(pk=file.pk).update(status="completed", progress=100)
    end = socket.until("download_update", status="completed")["data"]
    assert end["progress"] == 100
    assert (end["file_path"], end["file_size"], end["format"]) == (None, None, None)
    assert socket.close_code() == 1000


def test_a_failure_is_told_with_its_reason(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    socket = listening.socket(path(file) + "/", viewer)
    socket.until("download_update", status="pending")
    TrackedFile.objects.filter(pk=file.pk).update(status="failed", error="The disk is full.")
    end = socket.until("download_update", status="failed")
    assert end["data"]["error_message"] == "The disk is full."
    assert socket.close_code() == 1000


def test_who_comes_late_hears_the_end(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    TrackedFile.objects.filter(pk=file.pk).update(status="failed", error="x")
    socket = listening.socket(path(file), viewer)
    assert socket.next()["type"] == "connection_established"
    assert socket.next()["data"]["status"] == "failed"
    assert socket.close_code() == 1000


def test_who_comes_back_goes_on(listening: Listening, viewer: User, file: TrackedFile) -> None:
    first = listening.socket(path(file), viewer)
    first.next()
    place = first.next()["id"]
    assert place
    again = listening.socket(f"{path(file)}?since={place}", viewer)
    assert [again.next()["type"], again.next()["type"]] == [
        "connection_established",
        "download_update",
    ]
    lost = listening.socket(f"{path(file)}?since=0-1", viewer)
    assert [lost.next()["type"] for _ in range(3)] == [
        "connection_established",
        "reset",
        "download_update",
    ]


def refusal(listening: Listening, where: str, user: User | None, **how: str) -> tuple[str, int]:
    socket = listening.socket(where, user, **how)
    message = socket.next()
    assert message["type"] == "error"
    assert message["message"]
    return message["code"], socket.close_code() or 0


def test_who_may_listen(
    listening: Listening,
    viewer: User,
    stranger: User,
    agent: User,
    file: TrackedFile,
) -> None:
    missing = "/ws/downloads/00000000-0000-0000-0000-000000000001"
    assert refusal(listening, path(file), None) == ("not_authenticated", 4401)
    assert refusal(listening, path(file), None, token="hf_no") == ("not_authenticated", 4401)
    foreign = {"origin": "https://elsewhere.example"}
    assert refusal(listening, path(file), viewer, **foreign) == ("foreign_origin", 4403)
    assert refusal(listening, path(file), stranger) == ("not_found", 4404)
    assert refusal(listening, path(file), agent) == ("not_found", 4404)
    assert refusal(listening, missing, viewer) == ("not_found", 4404)
    assert refusal(listening, "/ws/downloads/what", viewer) == ("not_found", 4404)
    assert refusal(listening, "/ws/nothing", viewer) == ("not_found", 4404)
    no_origin = listening.socket(path(file), viewer, origin=None)
    assert no_origin.next()["code"] == "foreign_origin"
    by_token = listening.socket(path(file), token=token_of(viewer), origin=None)
    assert by_token.next()["type"] == "connection_established"


def test_an_agent_follows_its_own(listening: Listening, agent: User, file: TrackedFile) -> None:
    TrackedFile.objects.filter(pk=file.pk).update(created_by=agent)
    socket = listening.socket(path(file), token=token_of(agent), origin=None)
    assert socket.next()["type"] == "connection_established"
    assert socket.next()["data"]["title"] == "orders"


def test_a_right_that_is_withdrawn_ends_the_socket(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    by_session = listening.socket(path(file), viewer)
    by_token = listening.socket(path(file), token=token_of(viewer), origin=None)
    for socket in (by_session, by_token):
        socket.until("download_update", status="pending")
    viewer.auth_token_set.all().delete()
    Membership.objects.filter(user=viewer).delete()
    assert by_token.until_error(seconds=25) == "not_authenticated"
    assert by_token.close_code() == 4401
    assert by_session.until_error(seconds=25) == "not_allowed"
    assert by_session.close_code() == 4403
