"""A web server that takes uploads, the cast that sends them, and a video to send."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from access.models import User
from storage.models import StorageTarget
from tests.backups.conftest import own_test_settings
from tests.cast import admin, agent, company, login, operator, storage_target, stranger, viewer
from tests.monitoring.live.conftest import token_of
from tests.uploads.sending import Sender
from tests.web import WebServer

__all__ = [
    "admin",
    "agent",
    "company",
    "login",
    "operator",
    "own_test_settings",
    "storage_target",
    "stranger",
    "viewer",
]

# Of two seconds, 320 by 240, made by libx264.
CLIP = Path(__file__).parent / "clip.mp4"


@pytest.fixture
def clip() -> bytes:
    return CLIP.read_bytes()


@pytest.fixture
def sender(web_server: WebServer, agent: User, storage_target: StorageTarget) -> Sender:
    return Sender(web_server.url, token_of(agent))


@pytest.fixture(autouse=True)
def clean_staging() -> Iterator[None]:
    yield
    for left in Path(settings.PLACES.uploads).glob("*"):
        left.unlink()
