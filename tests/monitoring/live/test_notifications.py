"""What server code says through `notification_service` reaches who listens, as documented."""

from typing import Any

import pytest

from access.models import Company, User
from monitoring.files.announcing import AnnouncementRefused
from monitoring.files.claims import claim
from monitoring.files.models import TrackedFile
from monitoring.files.services import open_file
from monitoring.live.notifications import notification_service
from tests.cast import superuser
from tests.monitoring.live.conftest import Listening
from tests.monitoring.live.followers import apart

__all__ = ["superuser"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def download(company: Company) -> TrackedFile:
    return open_file(kind="download", company=company, name="x", original_path="", origin="media")


SHOWN: dict[str, Any] = {
    "title": "A talk",
    "thumbnail": "/thumbnails/1.jpg",
    "url": "https://media.example/talk",
}


def test_the_course_of_a_download(
    listening: Listening, viewer: User, download: TrackedFile
) -> None:
    say = notification_service
    socket = listening.socket(f"/ws/downloads/{download.pk}", viewer)
    stream = listening.stream(f"/downloads/{download.pk}/stream", viewer)
    say.notify_download_progress_sync(
        download_id=str(download.pk), progress=25, status="downloading", **SHOWN
    )
    data = socket.until("download_update", progress=25)["data"]
    assert {name: data[name] for name in SHOWN} == SHOWN
    assert data["status"] == "downloading"
    # It does not go back.
    say.notify_download_progress_sync(download_id=download.pk, progress=10)
    say.notify_download_completed_sync(
        download_id=download.pk, file_path="talks/1.mp4", file_size=10, format="mp4", **SHOWN
    )
    end = socket.until("download_update", status="completed")["data"]
    assert (end["file_path"], end["file_size"], end["format"]) == ("talks/1.mp4", 10, "mp4")
    assert socket.close_code() == 1000
    event = stream.until("download_completed")
    assert (event["title"], event["progress"], event["message"]) == ("A talk", 100, "Completed.")
    # An older word after the end changes nothing.
    say.notify_download_failed_sync(download_id=download.pk, error_message="late")
    say.notify_download_progress_sync(download_id=download.pk, progress=99)
    download.refresh_from_db()
    assert (download.status, download.progress, download.error) == ("completed", 100, "")


async def test_they_are_awaitable(download: TrackedFile) -> None:
    say = notification_service
    foreign = {**SHOWN, "thumbnail": "https://media.example/1.jpg"}
    await say.notify_download_progress(
        download_id=download.pk, progress=5.5, status="downloading", **foreign
    )
    await say.notify_download_failed(
        download_id=download.pk, error_message="Gone: password=geheim", **foreign
    )
    await apart(download.refresh_from_db)
    assert (download.status, download.progress) == ("failed", 5.5)
    assert "geheim" not in download.error
    assert (await apart(lambda: TrackedFile.objects.get(facts=None))).pk == download.pk


def test_a_run_is_ended_by_who_has_it(file: TrackedFile, download: TrackedFile) -> None:
    say = notification_service
    with pytest.raises(AnnouncementRefused):
        say.notify_download_completed_sync(download_id=file.pk)
    assert claim(file_id=download.pk)
    say.notify_download_progress_sync(download_id=download.pk, progress=40)
    ends: list[Any] = [
        lambda: say.notify_download_completed_sync(download_id=download.pk),
        lambda: say.notify_download_failed_sync(download_id=download.pk, error_message="x"),
        lambda: say.notify_download_progress_sync(download_id=download.pk, progress=float("nan")),
        lambda: say.notify_download_progress_sync(download_id="what", progress=1),
        lambda: say.notify_download_progress_sync(
            download_id=download.pk, progress=1, status="completed"
        ),
    ]
    for end in ends:
        with pytest.raises(AnnouncementRefused):
            end()
    download.refresh_from_db()
    assert (download.status, download.progress) == ("processing", 40)


def test_numbers_reach_those_who_see_just_them(
    listening: Listening, viewer: User, superuser: User, stranger: User, company: Company
) -> None:
    stats: Any = {
        **dict.fromkeys(("pending", "downloading", "completed", "failed"), 3),
        "total": 12,
        "queue_position": None,
    }
    sockets = {
        user.username: listening.socket("/ws/queue", user) for user in (viewer, superuser, stranger)
    }
    for socket in sockets.values():
        assert socket.until("queue_update")["data"]["total"] == 0
    notification_service.notify_queue_update_sync(stats=stats)
    assert sockets["root"].next()["data"] == stats
    # What is read next takes its place.
    assert sockets["root"].until("queue_update", total=0)
    notification_service.notify_queue_update_sync(stats=stats, company=company)
    assert sockets["vera"].next()["data"] == stats
    with pytest.raises(TimeoutError):
        sockets["stan"].next(seconds=0.3)
