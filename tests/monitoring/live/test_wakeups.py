"""Wake-ups: from any process, merged, and at no cost to who writes when Redis is away."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import get_channel_layer
from django.conf import settings
from django.test import override_settings

from config.embedded.preparation import embedded_services
from config.embedded.service import start_service
from config.places import PROJECT, Places
from config.processes.child import Child
from monitoring.events import wakeups
from monitoring.events.wakeups import GROUP, wake
from monitoring.files.models import TrackedFile
from monitoring.live import hub as hub_module
from monitoring.live.files import file_topic
from monitoring.live.following import Subscription
from monitoring.live.hub import Hub
from monitoring.live.mailbox import Mailbox
from tests.config.waiting import busyness
from tests.monitoring.live.followers import NOBODY, apart, take, write


class Ear:
    """A member of the group, as a hub is."""

    def __init__(self, layer: Any, channel: str) -> None:
        self.layer = layer
        self.channel = channel

    async def hears(self, *wanted: uuid.UUID, seconds: float = 15) -> int:
        """Wait until all of these were named; the number of messages that took."""
        missing = {str(one) for one in wanted}
        messages = 0
        async with asyncio.timeout(seconds):
            while missing:
                message = await self.layer.receive(self.channel)
                messages += 1
                missing -= set(message["subjects"])
        return messages


@pytest_asyncio.fixture
async def ear() -> AsyncIterator[Ear]:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(GROUP, channel)
    yield Ear(layer, channel)
    await layer.flush()


async def test_what_comes_together_is_one_message(ear: Ear) -> None:
    first, many = uuid.uuid4(), [uuid.uuid4() for _ in range(200)]
    wake(first)
    await ear.hears(first)
    for one in many:
        wake(one)
        wake(one)
    assert await ear.hears(*many) < 50


async def test_a_fork_wakes_too(ear: Ear) -> None:
    before, after = uuid.uuid4(), uuid.uuid4()
    wake(before)
    await ear.hears(before)
    child = os.fork()
    if child == 0:
        wake(after)
        sent = wakeups._sender.wait_until_sent(10)
        os._exit(0 if sent else 1)
    await ear.hears(after)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def short_process(
    subject: uuid.UUID, moment: float = wakeups.EXIT_SECONDS, **environment: str
) -> float:
    """A program that wakes and ends at once, after a `moment` at most; the seconds between."""
    program = (
        "import time, uuid, django; django.setup();"
        f"from monitoring.events import wakeups; wakeups.EXIT_SECONDS = {moment};"
        f"wakeups.wake(uuid.UUID('{subject}')); print(time.monotonic())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "REDIS_URL": settings.REDIS_URL,
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return time.monotonic() - float(done.stdout)


@pytest.mark.exhaustive
async def test_a_short_process_gives_it_a_moment(ear: Ear) -> None:
    subject = uuid.uuid4()
    # The product's own is too short for a machine on which ten others are at work.
    await asyncio.to_thread(short_process, subject, 20)
    await ear.hears(subject)


@pytest.mark.exhaustive
def test_without_redis_nobody_waits() -> None:
    # A black hole: the address is not answered at all, and who waits for it waits minutes.
    assert short_process(uuid.uuid4(), REDIS_URL="redis://198.51.100.1:6379") < 15
    nowhere = {
        "default": {
            "BACKEND": settings.CHANNEL_LAYERS["default"]["BACKEND"],
            "CONFIG": {"hosts": ["redis://127.0.0.1:1"]},
        }
    }
    with override_settings(CHANNEL_LAYERS=nowhere):
        started = time.monotonic()
        for _ in range(5000):
            wake(uuid.uuid4())
        assert time.monotonic() - started < busyness()
        assert len(wakeups._sender._waiting) <= wakeups.MOST_IN_A_MESSAGE


class OwnRedis:
    """A Redis of the test's own, to be ended and started again."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)
        places = Places(folder / "data")
        self.service = embedded_services(places, postgres=False)[0]
        self.url = f"unix://{places.sockets}/redis.sock"
        self.child: Child | None = None

    def start(self) -> None:
        self.child = start_service(self.service)

    def stop(self) -> None:
        if self.child is not None:
            self.child.kill()
            self.child.wait(5)
            self.child = None


@pytest.fixture
def redis() -> Iterator[OwnRedis]:
    with tempfile.TemporaryDirectory(prefix="holdfast-redis-") as folder:
        own = OwnRedis(Path(folder))
        own.start()
        yield own
        own.stop()


@pytest.mark.django_db(transaction=True)
async def test_a_redis_that_was_away_wakes_again(
    redis: OwnRedis, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its own look is so rare that only wake-ups can tell.
    monkeypatch.setattr(hub_module, "EVERY_SECONDS", 600.0)
    layers = {
        "default": {
            "BACKEND": settings.CHANNEL_LAYERS["default"]["BACKEND"],
            "CONFIG": {"hosts": [redis.url]},
        }
    }

    async def is_told(mailbox: Mailbox, percent: float) -> None:
        await write(file, progress=percent)
        async with asyncio.timeout(30):
            while True:
                await apart(wake, file.pk)
                try:
                    assert (await take(mailbox, 0.5)).state.progress == percent
                    return
                except TimeoutError:
                    continue

    with override_settings(CHANNEL_LAYERS=layers):
        there, mailbox = Hub(), Mailbox()
        there.subscribe(Subscription(file_topic(file.pk), mailbox, NOBODY))
        await take(mailbox)
        await is_told(mailbox, 10)
        redis.stop()
        await asyncio.sleep(0.5)
        redis.start()
        await is_told(mailbox, 20)
        await there.close()
