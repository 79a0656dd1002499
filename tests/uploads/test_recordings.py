"""Recordings over the API: found, filtered, played in pieces, deleted, and who looked."""

import pytest
from django.test import Client

from access.models import AuditEntry, User
from storage.models import StorageTarget, StoredObject
from storage.services import delete_bytes
from tests.cast import Login
from tests.uploads.made import make_recording
from uploads.models import Allowance, Recording

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous"),
]


@pytest.fixture
def recording(agent: User, storage_target: StorageTarget, clip: bytes) -> Recording:
    return make_recording(
        agent,
        storage_target,
        clip,
        connection_info={"con_codigo": 123, "ip": "10.0.0.7", "name": "Till 4", "wats_user": "eva"},
    )


def listed(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"/api/recordings{query}")
    assert answer.status_code == 200, answer.content
    return [one["file_id"] for one in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("?con_codigo=123", True),
        ("?con_codigo=12", False),
        ("?ip=10.0.0.7", True),
        ("?wats_user=EV", True),
        ("?name=till", True),
        ("?search=rdp_7", True),
        ("?search=nothing", False),
        ("?from=2020-01-01&to=2020-12-31", False),
        ("?from=2020-01-01T10:00:00Z", True),
        ("?ordering=created_at", True),
    ],
)
def test_filters(recording: Recording, login: Login, viewer: User, query: str, finds: bool) -> None:
    assert listed(login(viewer), query) == ([str(recording.pk)] if finds else [])


def test_pages(agent: User, storage_target: StorageTarget, login: Login, viewer: User) -> None:
    made = [make_recording(agent, storage_target, b"x" * n) for n in range(1, 6)]
    newest = [str(one.pk) for one in reversed(made)]
    client = login(viewer)
    first = client.get("/api/recordings?limit=2").json()
    assert (first["previous"], first["count"]) == (None, None)
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    pages = [first, second, third]
    assert [one["file_id"] for page in pages for one in page["results"]] == newest
    assert third["next"] is None
    back = client.get(second["previous"]).json()
    assert [one["file_id"] for one in back["results"]] == newest[:2]
    assert client.get("/api/recordings?cursor=x").status_code == 400
    assert client.get("/api/recordings?ordering=size").json()["option"] == "ordering"


def test_a_player_seeks(recording: Recording, login: Login, viewer: User, clip: bytes) -> None:
    client, url = login(viewer), f"/api/recordings/{recording.pk}/content"
    whole = client.get(url)
    assert b"".join(whole) == clip
    assert (whole["Content-Type"], whole["Accept-Ranges"]) == ("video/mp4", "bytes")
    assert whole["Content-Disposition"].startswith("inline")
    piece = client.get(url, headers={"Range": "bytes=100-199"})
    assert (piece.status_code, b"".join(piece)) == (206, clip[100:200])
    assert client.get(url, headers={"Range": f"bytes={len(clip)}-"}).status_code == 416
    saved = client.get(f"{url}?download=1")
    assert saved["Content-Disposition"].startswith("attachment")
    # One view, however many pieces; a download is told apart.
    seen = AuditEntry.objects.filter(object_id=str(recording.pk), actor=viewer)
    assert sorted(seen.values_list("action", flat=True)) == [
        "recording.downloaded",
        "recording.viewed",
    ]


def test_who_sees_and_deletes(
    recording: Recording, login: Login, viewer: User, agent: User, stranger: User, admin: User
) -> None:
    url = f"/api/recordings/{recording.pk}"
    assert listed(login(agent)) == [str(recording.pk)]
    assert listed(login(stranger)) == []
    for path in (url, f"{url}/content", f"{url}/thumbnail"):
        assert login(stranger).get(path).status_code == 404
    assert login(stranger).delete(url).status_code == 404
    assert login(viewer).delete(url).status_code == 403
    assert login(agent).delete(url).status_code == 403
    Allowance.objects.create(user=agent, deletes_recordings=True)
    assert login(agent).delete(url).status_code == 204
    assert login(admin).get(url).status_code == 404
    stored = recording.stored
    stored.refresh_from_db()
    assert stored.state == StoredObject.State.DELETED
    assert AuditEntry.objects.filter(action="recording.deleted", actor=agent).exists()


def test_a_missing_file_is_told(recording: Recording, login: Login, viewer: User) -> None:
    delete_bytes(target=recording.stored.target, key=recording.stored.key)
    answer = login(viewer).get(f"/api/recordings/{recording.pk}/content")
    assert (answer.status_code, answer.json()["code"]) == (409, "missing")
    recording.stored.refresh_from_db()
    assert recording.stored.state == StoredObject.State.MISSING


def test_a_picture_is_made_where_something_can(
    recording: Recording, login: Login, viewer: User
) -> None:
    client = login(viewer)
    url = client.get(f"/api/recordings/{recording.pk}").json()["thumbnail_url"]
    answer = client.get(url)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8")


CONNECTION = {"con_codigo": 123, "ip": "10.0.0.7", "name": "Till 4", "wats_user": "eva"}


@pytest.mark.parametrize(
    ("said", "metadata", "name"),
    [
        ({}, {**CONNECTION, "clicks": 7}, "Till 4"),
        ({}, {"connection_info": CONNECTION}, "Till 4"),
        ({"name": "Till 5"}, CONNECTION, "Till 5"),
        ({}, {"name": "a.mp4"}, ""),
    ],
)
def test_what_the_metadata_says_of_the_connection(
    agent: User,
    storage_target: StorageTarget,
    clip: bytes,
    said: dict[str, object],
    metadata: dict[str, object],
    name: str,
) -> None:
    """Where the session said nothing of it."""
    found = make_recording(agent, storage_target, clip, connection_info=said, metadata=metadata)
    assert found.name == name
    assert found.con_codigo == ("123" if name == "Till 4" else "")
    assert found.metadata == metadata
