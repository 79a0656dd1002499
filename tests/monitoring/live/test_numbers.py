"""The queue, the numbers and the dashboard, live: what is said, to whom, and both ways alike."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from access.models import Company, Membership, User
from monitoring.events.services import record_event
from monitoring.files.models import FileFacts, TrackedFile
from monitoring.files.services import open_file
from tests.cast import person
from tests.choice import first_of
from tests.config.waiting import busyness
from tests.monitoring.live.conftest import Listening, token_of
from tests.monitoring.live.listeners import EventStream, Message, Socket

pytestmark = pytest.mark.django_db(transaction=True)


def move(file: TrackedFile, **values: Any) -> None:
    TrackedFile.objects.filter(pk=file.pk).update(**values)
    state = values.get("status")
    if state:
        record_event(company=file.company, topic="file", subject=file.pk, state=state)


def test_the_queue(listening: Listening, viewer: User, stranger: User, file: TrackedFile) -> None:
    socket = listening.socket("/ws/queue", viewer)
    other = listening.socket("/ws/queue/", stranger)
    first = socket.next()
    assert (first["type"], first["data"]) == (
        "connection_established",
        {"message": "Connected to the queue."},
    )
    assert socket.next()["data"] == {
        "pending": 1,
        "downloading": 0,
        "completed": 0,
        "failed": 0,
        "total": 1,
        "queue_position": None,
    }
    mine = open_file(
        kind="copy",
        company=file.company,
        name="mine",
        original_path="",
        origin="stored",
        created_by=viewer,
    )
    assert socket.until("queue_update", pending=2)["data"]["queue_position"] == 2
    move(file, status="processing")
    assert socket.until("queue_update", downloading=1)["data"]["queue_position"] == 1
    move(mine, status="failed")
    last = socket.until("queue_update", failed=1)
    assert last["data"]["queue_position"] is None
    assert last["id"]
    assert other.until("queue_update")["data"]["total"] == 0


def test_the_numbers(listening: Listening, viewer: User, file: TrackedFile) -> None:
    socket = listening.socket("/ws/stats", viewer)
    only = listening.socket("/ws/stats?kind=download", viewer)
    data = socket.until("stats_update")["data"]
    assert data == {
        "total_downloads": 1,
        "completed_downloads": 0,
        "failed_downloads": 0,
        "pending_downloads": 1,
        "downloads_today": 1,
        "downloads_this_week": 1,
        "downloads_this_month": 1,
        "total_storage_used": 0,
        "average_download_time": 0,
    }
    assert only.until("stats_update")["data"]["total_downloads"] == 0
    move(file, status="completed")
    assert socket.until("stats_update", completed_downloads=1)["data"]["pending_downloads"] == 0
    unknown = listening.socket("/ws/stats?kind=nothing", viewer)
    assert unknown.next()["code"] == "bad_option"
    assert unknown.close_code() == 4400


def test_the_dashboard(listening: Listening, viewer: User, file: TrackedFile) -> None:
    socket = listening.socket("/ws/dashboard", viewer)
    data = socket.until("dashboard_update")["data"]
    assert data["downloads_in_progress"] == []
    assert data["queue_stats"]["pending"] == 1
    assert data["system_stats"]["active_connections"] >= 1
    assert data["system_stats"]["system_uptime"] >= 0
    FileFacts.objects.create(file=file, duration=754, quality="1080p")
    move(file, status="processing", progress=12.34)
    while not data["downloads_in_progress"]:
        data = socket.until("dashboard_update")["data"]
    [shown] = data["downloads_in_progress"]
    assert shown == {
        "id": str(file.pk),
        "url": "postgresql://host/orders",
        "title": "orders",
        "thumbnail": "/static/kinds/backup.svg",
        "progress": 12.3,
        "status": "downloading",
        "duration": 754,
        "quality": "1080p",
        "file_size": None,
        "format": None,
        "started_at": None,
    }
    before = data["timestamp"]
    # Nothing changes, and it is told again all the same.
    assert socket.next(seconds=6 * busyness())["data"]["timestamp"] > before


def states(said: list[Message], kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for message in said:
        if message["type"] == kind:
            flat = {**message, **message.get("data", {})}
            [flat.pop(name, None) for name in ("timestamp", "id", "data", "type", "system_stats")]
            if not found or found[-1] != flat:
                found.append(flat)
    return found


@pytest.mark.parametrize("channel", first_of("queue", "stats", "dashboard"))
def test_both_ways_say_the_same_in_the_same_order(
    listening: Listening, viewer: User, file: TrackedFile, channel: str
) -> None:
    socket = listening.socket(f"/ws/{channel}", viewer)
    stream = listening.stream(f"/downloads/{channel}/stream", viewer)
    kind = f"{channel}_update"
    said: dict[str, list[Message]] = {"socket": [], "stream": []}

    def follow_to(status: str) -> None:
        for way, reader in (("socket", socket), ("stream", stream)):
            while True:
                message = reader.next()
                assert message is not None
                said[way].append(message)
                if is_at(message, status):
                    break

    for status in ("queued", "processing", "completed"):
        move(file, status=status)
        follow_to(status)
    assert stream.header("Cache-Control") == "no-cache"
    assert said["stream"][0]["message"] == said["socket"][0]["data"]["message"]
    assert stream.last_id
    assert states(said["socket"], kind) == states(said["stream"], kind)
    assert len(states(said["socket"], kind)) >= 3


def is_at(message: Message, status: str) -> bool:
    flat = {**message, **message.get("data", {})}
    flat = {**flat, **flat.get("queue_stats", {})}
    counted = {
        "queued": flat.get("pending", flat.get("pending_downloads")),
        "processing": flat.get(
            "downloading", flat.get("total_downloads", 0) - flat.get("pending_downloads", 0)
        ),
        "completed": flat.get("completed", flat.get("completed_downloads")),
    }
    return bool(counted[status] == 1)


def test_the_same_by_the_api(viewer: User, agent: User, file: TrackedFile) -> None:
    client = Client(headers={"Authorization": f"Bearer {token_of(viewer)}"})
    assert client.get("/api/queue").json()["pending"] == 1
    assert client.get("/api/stats/").json()["downloads_today"] == 1
    assert client.get("/api/queue?kind=drill").json()["total"] == 0
    assert client.get("/api/stats?kind=x").status_code == 400
    theirs = Client(headers={"Authorization": f"Bearer {token_of(agent)}"})
    assert theirs.get("/api/queue").json()["total"] == 0
    TrackedFile.objects.update(created_by=agent)
    assert theirs.get("/api/queue").json()["queue_position"] == 1


def test_the_same_by_the_command(file: TrackedFile) -> None:
    def said(*words: str) -> Any:
        out = StringIO()
        call_command("live", *words, stdout=out)
        return json.loads(out.getvalue())

    assert said("queue")["pending"] == 1
    assert said("stats", "--kind", "drill")["total_downloads"] == 0
    assert {"download_connections", "total"} < said("connections").keys()


def test_who_sees_more_or_less_connects_anew(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    elsewhere = Company.objects.create(name="Elsewhere")
    socket = listening.socket("/ws/stats", viewer)
    stream = listening.stream("/downloads/stats/stream", viewer)
    socket.until("stats_update")
    stream.until("stats_update")
    Membership.objects.create(user=viewer, company=elsewhere, role="viewer")
    assert socket.until_error(seconds=25) == "rights_changed"
    assert socket.close_code() == 1012
    assert stream.until("error")["code"] == "rights_changed"
    assert stream.next() is None
    Membership.objects.filter(user=viewer).delete()
    again = listening.socket("/ws/stats", viewer)
    assert again.next()["code"] == "not_allowed"
    assert again.close_code() == 4403
    assert listening.stream("/downloads/stats/stream", viewer).status == 403


def test_nobody_hears_numbers(listening: Listening) -> None:
    for channel in ("queue", "stats", "dashboard", "general"):
        socket = listening.socket(f"/ws/{channel}")
        assert socket.next()["code"] == "not_authenticated"
        assert socket.close_code() == 4401
    for channel in ("queue", "stats", "dashboard"):
        assert listening.stream(f"/downloads/{channel}/stream").status == 401


def test_who_listens_is_counted_over_all(
    listening: Listening, viewer: User, company: Company
) -> None:
    client = Client()
    client.force_login(viewer)
    admin = person("ann", company, "admin")
    opened: list[Socket | EventStream] = [
        listening.socket("/ws/queue", viewer),
        listening.socket("/ws/general", admin),
        listening.stream("/downloads/queue/stream", admin),
    ]
    for one in opened:
        one.next()
    found = listening.stream("/ws/connections", viewer)
    counts = found.body()
    assert counts["queue_connections"] >= 2
    assert counts["general_connections"] >= 1
    assert set(counts) == {
        "download_connections",
        "queue_connections",
        "stats_connections",
        "general_connections",
        "dashboard_connections",
        "total",
    }
    assert counts["total"] == sum(count for name, count in counts.items() if name != "total")
