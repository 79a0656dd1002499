"""The documented API of uploads and recordings, field by field."""

from typing import Any

import pytest
from django.test import Client

from access.models import User
from access.policy import System
from access.tokens import create_token
from storage.models import StorageTarget
from tests.cast import agent
from tests.choice import first_of
from tests.uploads.made import make_recording
from uploads.models import Part
from uploads.selectors import session_for

__all__ = ["agent"]
pytestmark = pytest.mark.django_db
BODY: dict[str, Any] = {
    "session_id": "rdp_123_1729950022",
    "connection_info": {
        "con_codigo": 123,
        "ip": "192.168.1.100",
        "name": "Production Server",
        "user": "administrator",
        "connection_type": "RDP",
        "wats_user": "eva",
        "wats_user_machine": "pc-7",
        "wats_user_ip": "192.168.1.50",
        "unknown": {"kept": True},
    },
    "file_size": 15728640,
    "metadata": {
        "start_time": "2024-10-26T15:00:22.123456",
        "recorder_settings": {
            "fps": 10,
            "quality": 23,
            "resolution_scale": 1.0,
            "max_file_size_mb": 100,
            "max_duration_minutes": 30,
        },
    },
}
CREATE = "/api/uploads/create-session"


@pytest.fixture
def client(agent: User, storage_target: StorageTarget) -> Client:
    token = create_token(user=agent, name="x", actor=System("tests"))
    return Client(headers={"Authorization": f"Bearer {token}"})


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


@pytest.mark.parametrize("slash", first_of("", "/"))
def test_a_session_is_opened(client: Client, agent: User, slash: str) -> None:
    answer = post(client, CREATE + slash, BODY)
    assert answer.status_code == 201
    opened = answer.json()
    name = opened["session_id"]
    assert name.startswith("upload_session_")
    assert opened["video_upload_url"] == f"http://testserver/upload/video/{name}"
    assert opened["metadata_upload_url"] == f"http://testserver/upload/metadata/{name}"
    assert opened["expires_at"].endswith("Z")
    session = session_for(actor=agent, ref="rdp_123_1729950022")
    assert session.connection_info == BODY["connection_info"]
    assert session.metadata == BODY["metadata"]
    again = post(client, CREATE, BODY)
    assert (again.status_code, again.json()["session_id"]) == (200, name)
    for other in ({"file_name": "b.mp4"}, {"file_size": 5}, {"sha256": "ab" * 32}):
        assert post(client, CREATE, {**BODY, **other}).status_code == 201


def test_where_it_stands(client: Client) -> None:
    post(client, CREATE, BODY)
    Part.objects.filter(kind="file").update(received=BODY["file_size"] // 2)
    status = client.get("/api/uploads/rdp_123_1729950022/status").json()
    assert set(status) >= {
        *("session_id", "status", "progress", "bytes_received", "file_size", "retry_count"),
        *("server_file_id", "error", "created_at", "expires_at"),
    }
    assert (status["status"], status["progress"]) == ("created", 50.0)
    assert (status["server_file_id"], status["error"]) == (None, None)
    early = post(client, "/api/uploads/rdp_123_1729950022/finalize", {})
    assert early.status_code == 409
    assert early.json()["bytes_received"] == BODY["file_size"] // 2
    assert early.json()["file_size"] == BODY["file_size"]


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"file_size": 0}, 400, "file_size"),
        ({"file_size": "15"}, 400, "file_size"),
        ({"kind": "picture"}, 400, "kind"),
        ({"sha256": "xyz"}, 400, None),
        ({"metadata": {"start_time": "yesterday"}}, 400, None),
        ({"metadata": {"x": "y" * 70_000}}, 413, None),
        ({"file_size": 1 << 45}, 413, None),
    ],
)
def test_what_cannot_be_is_a_problem(
    client: Client, change: dict[str, Any], status: int, field: str | None
) -> None:
    answer = post(client, CREATE, {**BODY, **change})
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail"} <= set(told)
    if field:
        assert field in told["errors"]


def test_a_recording(client: Client, agent: User, storage_target: StorageTarget) -> None:
    recording = make_recording(agent, storage_target, b"x" * 10, client_id="rdp_9")
    page = client.get("/api/recordings/").json()
    assert set(page) == {"results", "next", "previous", "count"}
    [listed] = page["results"]
    assert set(listed) >= {
        *("file_id", "session_id", "client_session_id", "file_name", "file_size", "sha256"),
        *("content_type", "duration", "width", "height", "connection_info", "metadata"),
        *("thumbnail_url", "created_at"),
    }
    assert (listed["file_id"], listed["client_session_id"]) == (str(recording.pk), "rdp_9")
    assert client.get(f"/api/recordings/{recording.pk}/").json() == listed
    # Deleting is a scope of its own.
    assert client.delete(f"/api/recordings/{recording.pk}").status_code == 403


def test_health_tells_of_a_token_that_is_none(client: Client) -> None:
    good = client.get("/api/health")
    # The tick of this installation has never run.
    assert good.status_code == 503
    assert {"status", "version", "time"} <= set(good.json())
    bad = Client(headers={"Authorization": "Bearer hf_" + "0" * 60}).get("/api/health")
    assert bad.status_code == 401
