"""Event streams of a real server: their form, their end, and how one goes on after a cut."""

import socket as sockets
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from access.models import User
from monitoring.events.models import Event
from monitoring.events.services import record_event
from monitoring.events.wakeups import wake
from monitoring.files.models import Stage, TrackedFile
from tests.config.waiting import busyness, wait_for
from tests.monitoring.live.conftest import Listening, session_of, token_of
from tests.web import WebServer

pytestmark = pytest.mark.django_db(transaction=True)


def path(file: TrackedFile) -> str:
    return f"/downloads/{file.pk}/stream"


def end(file: TrackedFile, status: str = "completed", error: str = "") -> Event:
    TrackedFile.objects.filter(pk=file.pk).update(
        status=status, progress=100 if status == "completed" else 40, error=error
    )
    record_event(company=file.company, topic="file", subject=file.pk, state=status)
    last: Event = Event.objects.filter(subject=file.pk).latest("id")
    return last


def wire(event: Event) -> str:
    return f"{event.xid}-{event.pk}"


def test_the_course_of_a_file(listening: Listening, viewer: User, file: TrackedFile) -> None:
    stream = listening.stream(path(file), viewer)
    assert stream.status == 200
    assert (stream.header("Content-Type") or "").startswith("text/event-stream")
    assert stream.header("Cache-Control") == "no-cache"
    assert stream.header("X-Accel-Buffering") == "no"
    assert stream.header("Content-Encoding") is None
    first = stream.next()
    assert first is not None
    assert (first["type"], first["download_id"]) == ("connection_established", str(file.pk))
    state = stream.next()
    assert state is not None
    assert (state["type"], state["status"], state["progress"]) == ("progress_update", "pending", 0)
    assert stream.last_id == wire(Event.objects.get(subject=file.pk))
    Stage.objects.filter(file=file, key="dump").update(status="in_progress", bytes_done=5)
    TrackedFile.objects.filter(pk=file.pk).update(status="processing", progress=25)
    running = stream.until("progress_update", status="downloading")
    assert (running["progress"], running["bytes_done"], running["title"]) == (25, 5, "orders")
    last = end(file)
    done = stream.until("download_completed")
    assert done["message"]
    assert done["file_size"] is None
    assert stream.last_id == wire(last)
    assert stream.next() is None


def test_a_failure_is_told_with_its_reason(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    stream = listening.stream(path(file) + "/", viewer)
    end(file, "failed", "The disk is full.")
    failed = stream.until("download_failed")
    assert failed["error_message"] == failed["message"] == "The disk is full."
    assert stream.next() is None


def test_who_comes_back_after_the_end_is_told_to_stop(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    before = wire(Event.objects.get(subject=file.pk))
    last = wire(end(file))
    away = listening.stream(path(file), viewer, Last_Event_ID=before)
    assert away.until("download_completed")
    assert away.last_id == last
    for seen in (last, f"{2**63}-{2**63}"):
        assert listening.stream(path(file), viewer, Last_Event_ID=seen).status == 204
    assert listening.stream(f"{path(file)}?since={last}", viewer).status == 204


def test_an_end_whose_transaction_is_older_is_not_taken_for_seen(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    """The last event has the lower transaction number: it took the row's lock later."""
    last = end(file)
    before = Event.objects.exclude(pk=last.pk).get()
    with connection.cursor() as cursor:
        for event, xid in ((before, last.xid), (last, before.xid)):
            cursor.execute(
                "UPDATE monitoring_event SET xid = %s::text::xid8 WHERE id = %s",
                [str(xid), event.pk],
            )
    before.refresh_from_db()
    stream = listening.stream(path(file), viewer, Last_Event_ID=wire(before))
    assert stream.until("download_completed")


def test_a_place_that_is_too_old_starts_anew(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    for since in ("0-1", "nonsense", "1-2-3"):
        stream = listening.stream(path(file), viewer, Last_Event_ID=since)
        assert stream.until("reset")
        assert stream.until("progress_update", status="pending")
    now = wire(Event.objects.get(subject=file.pk))
    stream = listening.stream(path(file), viewer, Last_Event_ID=now)
    second = [stream.next(), stream.next()][1]
    assert second is not None
    assert second["type"] == "progress_update"


def test_an_end_is_told_and_known_also_when_its_event_is_pruned(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    last = wire(end(file))
    Event.objects.all().delete()
    stream = listening.stream(path(file), viewer, Last_Event_ID=last)
    assert stream.until("reset")
    assert stream.until("download_completed")
    again = listening.stream(path(file), viewer, Last_Event_ID=stream.last_id)
    assert again.status == 204


def test_who_may_listen(
    listening: Listening, viewer: User, stranger: User, agent: User, file: TrackedFile
) -> None:
    missing = "/downloads/00000000-0000-0000-0000-000000000001/stream"

    def refusal(where: str, user: User | None = None, **how: str) -> tuple[int, str]:
        stream = listening.stream(where, user, **how)
        assert stream.header("Content-Type") == "application/problem+json"
        return stream.status, stream.body()["code"]

    assert refusal(path(file)) == (401, "not_authenticated")
    assert refusal(path(file), token="hf_no") == (401, "not_authenticated")
    assert refusal(path(file), viewer, Origin="https://elsewhere.example") == (
        403,
        "foreign_origin",
    )
    assert refusal(path(file), stranger) == (404, "not_found")
    assert refusal(path(file), agent) == (404, "not_found")
    assert refusal(missing, viewer) == (404, "not_found")
    assert listening.stream(path(file), token=token_of(viewer)).status == 200
    TrackedFile.objects.update(created_by=agent)
    assert listening.stream(path(file), token=token_of(agent)).status == 200


def test_many_streams_hold_no_connection(
    web_server: WebServer, listening: Listening, viewer: User, file: TrackedFile
) -> None:
    """Forty at once over a pool of twelve, and pages are still answered."""
    cookie = {"Cookie": session_of(viewer)}
    with ThreadPoolExecutor(40) as people:
        opened = [people.submit(listening.stream, path(file), None, **cookie) for _ in range(40)]
    streams = [each.result() for each in opened]
    assert {stream.status for stream in streams} == {200}
    for stream in streams:
        assert stream.until("progress_update", status="pending")
    assert connections_at_work() <= 4
    assert listening.stream(f"/api/file_monitoring/{file.pk}", None, **cookie).status in (200, 404)
    end(file)
    for stream in streams:
        assert stream.until("download_completed")


def connections_at_work() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        row = cursor.fetchone()
        assert row is not None
        return int(row[0])


@pytest.mark.exhaustive
def test_a_reader_that_reads_nothing_for_long_hears_the_end(
    web_server: WebServer, listening: Listening, viewer: User, file: TrackedFile
) -> None:
    stalled = sockets.create_connection(("127.0.0.1", web_server.port))
    stalled.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
    request = (
        f"GET {path(file)} HTTP/1.1\r\nHost: 127.0.0.1:{web_server.port}\r\n"
        f"Cookie: {session_of(viewer)}\r\n\r\n"
    )
    stalled.sendall(request.encode())
    other = listening.socket(f"/ws/downloads/{file.pk}", viewer)
    other.until("download_update", status="pending")
    TrackedFile.objects.filter(pk=file.pk).update(status="processing", name="x" * 255)
    for number in range(20):
        TrackedFile.objects.filter(pk=file.pk).update(progress=number + 1)
        wake(file.pk)
        other.until("download_update", progress=number + 1)
    end(file)
    other.until("download_update", status="completed")
    stalled.settimeout(15)
    text = b""
    while b"download_completed" not in text:
        got = stalled.recv(65536)
        assert got, text[-300:]
        text += got
    # Nothing comes after the end but the end of the stream.
    assert (
        text.rstrip().endswith(b"0")
        or b"progress_update" not in text.split(b"download_completed")[1]
    )
    stalled.close()


@pytest.mark.exhaustive
def test_a_reader_that_leaves_is_forgotten(
    listening: Listening, viewer: User, file: TrackedFile
) -> None:
    stream = listening.stream(path(file), viewer)
    stream.until("progress_update", status="pending")
    stream.close()
    # Nobody follows: the hub stops asking for the row.
    wait_for(lambda: reads_in_a_second() == 0, seconds=15, what="nothing is read any more")


def reads_in_a_second() -> int:
    here = connection.settings_dict
    with psycopg.connect(
        host=str(here["HOST"]), user=str(here["USER"]), dbname=str(here["NAME"]), autocommit=True
    ) as peer:
        first = _calls(peer)
        time.sleep(1.3)
        return _calls(peer) - first


def _calls(peer: psycopg.Connection[tuple[int]]) -> int:
    peer.execute("SELECT pg_stat_clear_snapshot()")
    row = peer.execute(
        "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables"
        " WHERE relname = 'monitoring_trackedfile'"
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.exhaustive
def test_a_server_that_stops_waits_for_no_stream(viewer: User, file: TrackedFile) -> None:
    server = WebServer()
    server.start()
    listening = Listening(server)
    stream = listening.stream(path(file), viewer)
    socket = listening.socket(f"/ws/downloads/{file.pk}", viewer)
    stream.until("progress_update", status="pending")
    socket.until("download_update", status="pending")
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 5 * busyness()
    assert "graceful shutdown exceeded" not in server.said()
    assert stream.next() is None
    assert socket.close_code() == 1012
    server.folder.cleanup()
