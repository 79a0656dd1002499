"""The two companies, and a walk through them."""

import secrets
from pathlib import Path

import pytest
from django.conf import LazySettings

from access.tokens import create_token
from tests.walk.walk import Walk
from tests.walk.world import CLI, make_world


@pytest.fixture
def walk(db: None, tmp_path: Path, settings: LazySettings) -> Walk:
    # Requests are counted by user id in Redis, where workers of one run would meet.
    settings.CACHES = {"default": {**settings.CACHES["default"], "KEY_PREFIX": secrets.token_hex()}}
    world = make_world(tmp_path)
    for user in world.people.values():
        create_token(user=user, name="own", actor=CLI)
    return Walk(world)
