"""Recordings in a real browser: found, played, sought through; and what comes in."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from access.models import Agent, User
from access.roles import Role
from storage.models import StorageTarget
from tests.cast import person
from tests.config.waiting import wait_for
from tests.uploads.conftest import CLIP
from tests.uploads.made import make_recording, make_session
from uploads.models import Recording, UploadSession

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]


@pytest.fixture
def till(storage_target: StorageTarget) -> User:
    return person("agent:till", storage_target.company, Role.AGENT, kind=User.Kind.AGENT)


@pytest.fixture
def recording(till: User, storage_target: StorageTarget) -> Recording:
    return make_recording(
        till,
        storage_target,
        CLIP.read_bytes(),
        file_name="rdp_123_1729950022.mp4",
        connection_info={"con_codigo": 123, "ip": "10.0.0.7", "name": "Till 4", "wats_user": "eva"},
        metadata={"start_time": "2024-10-26T15:00:22.123456", "recorder_settings": {"fps": 10}},
    )


def require_plays_and_seeks(page: Page) -> None:
    """On the page of one: it knows how long it is, plays, and goes where it is told."""

    def player(asked: str) -> Any:
        return page.evaluate(f"(() => {{const p = document.getElementById('player'); {asked}}})()")

    def has_moved() -> bool:
        return bool(player("return !p.seeking && p.readyState >= 2 && p.currentTime > 1.4"))

    ready = "return p.readyState >= 1"
    wait_for(lambda: bool(player(ready)), seconds=20, what="the player knows its video")
    assert 1.5 < player("return p.duration") < 2.5
    player("p.currentTime = 1.5")
    wait_for(has_moved, seconds=20, what="it has sought")
    player("p.muted = true; p.currentTime = 0; p.play()")
    played = "return p.currentTime > 0.2 && !p.paused"
    wait_for(lambda: bool(player(played)), seconds=20, what="it plays")


def test_a_recording_plays_and_seeks(visit: Any, viewer: User, recording: Recording) -> None:
    visitor = visit()
    visitor.let_in(viewer)
    page = visitor.open("/dashboard/recordings")
    page.get_by_role("link", name="rdp_123_1729950022.mp4").click()

    require_plays_and_seeks(page)
    assert page.get_by_role("link", name="Delete").count() == 0


@pytest.mark.exhaustive
def test_every_page_fits(
    visit: Any, admin: User, till: User, storage_target: StorageTarget, recording: Recording
) -> None:
    Agent.objects.create(agent_id="till", company=storage_target.company, user=till)
    coming = make_session(till, storage_target, b"x" * 5000, file_name="half.mp4")
    UploadSession.objects.filter(pk=coming.pk).update(status="uploading")
    visitor = visit()
    visitor.let_in(admin)
    for path in (
        "/dashboard/recordings",
        f"/dashboard/recordings/{recording.pk}",
        f"/dashboard/recordings/{recording.pk}/delete",
        "/dashboard/uploads/senders/till",
        "/dashboard/uploads",
    ):
        page = visitor.open(path)
        assert visitor.too_wide() == [], path
    page.get_by_role("button", name="End").click()
    expect(page.get_by_text("cancelled by ada", exact=False).first).to_be_visible()
