"""The hub of a process: what it puts into boxes, in which order, and that it goes on."""

import asyncio

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings

from monitoring.events.wakeups import wake
from monitoring.files.models import TrackedFile
from monitoring.live import hub as hub_module
from monitoring.live.files import file_topic
from monitoring.live.following import Subscription
from monitoring.live.hub import Hub
from monitoring.live.mailbox import Mailbox
from tests.config.waiting import within
from tests.monitoring.live.followers import NOBODY, apart, follow, running, take, write

__all__ = ["running"]

pytestmark = pytest.mark.django_db(transaction=True)


async def test_its_state_comes_first_then_every_change(running: Hub, file: TrackedFile) -> None:
    mailbox = follow(running, file)
    assert (await take(mailbox)).state.status == "queued"
    await write(file, status="processing", progress=10)
    assert (await take(mailbox)).state.progress == 10
    await write(file, status="completed", progress=100)
    assert (await take(mailbox)).state.is_final


async def test_a_slow_reader_gets_the_newest_and_never_misses_the_end(
    running: Hub, file: TrackedFile
) -> None:
    slow, quick = follow(running, file), follow(running, file)
    assert (await take(quick)).state.progress == 0
    for percent in (10, 20, 30):
        await write(file, status="processing", progress=percent)
        await apart(wake, file.pk)
        assert (await take(quick)).state.progress == percent
    assert (await take(slow)).state.progress == 30
    await write(file, progress=90)
    assert (await take(quick)).state.progress == 90
    await write(file, status="failed", error="x")
    assert (await take(quick)).state.status == "failed"
    late = (await take(slow)).state
    assert (late.status, late.progress) == ("failed", 90)
    with pytest.raises(TimeoutError):
        await take(slow, 0.2)


async def test_a_final_state_is_not_overtaken(file: TrackedFile) -> None:
    there = Hub()
    mailbox = follow(there, file)
    before = await take(mailbox)
    await write(file, status="completed", progress=100)
    final = await take(mailbox)
    fresh = Mailbox()
    fresh.put(final)
    fresh.put(before)
    assert (await take(fresh)).state.is_final
    await there.close()


async def test_words_are_made_once_for_all_readers(running: Hub, file: TrackedFile) -> None:
    made: list[object] = []

    def form(state: object) -> str:
        made.append(state)
        return "words"

    boxes = [follow(running, file) for _ in range(20)]
    letters = [await take(box) for box in boxes]
    assert {letter.text(form) for letter in letters} == {"words"}
    assert len(made) == len({id(letter) for letter in letters})


async def test_a_wake_up_is_quicker_than_its_own_look(
    running: Hub, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "EVERY_SECONDS", 60.0)
    mailbox = follow(running, file)
    await take(mailbox)
    for percent in (10, 20, 30):
        await write(file, progress=percent)
        # The first may come before the process has joined its group.
        async with within(10):
            while True:
                await apart(wake, file.pk)
                try:
                    assert (await take(mailbox, 0.5)).state.progress == percent
                    break
                except TimeoutError:
                    continue


async def test_without_redis_it_looks_by_itself(file: TrackedFile) -> None:
    nowhere = {
        "default": {
            "BACKEND": settings.CHANNEL_LAYERS["default"]["BACKEND"],
            "CONFIG": {"hosts": ["redis://127.0.0.1:1"]},
        }
    }
    with override_settings(CHANNEL_LAYERS=nowhere):
        there = Hub()
        mailbox = follow(there, file)
        await take(mailbox)
        started = asyncio.get_running_loop().time()
        await apart(wake, file.pk)
        assert asyncio.get_running_loop().time() - started < 0.5
        await write(file, progress=50)
        assert (await take(mailbox)).state.progress == 50
        await there.close()


async def test_it_goes_on_when_the_database_was_away(
    running: Hub, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "EVERY_SECONDS", 0.1)
    mailbox = follow(running, file)
    await take(mailbox)
    here = connection.settings_dict
    name = here["NAME"]
    admin = psycopg.connect(host=here["HOST"], user=here["USER"], dbname="postgres")
    admin.autocommit = True

    def let_in(allowed: bool) -> None:
        # The hub connects for each look here: there is no pool in a test's own process.
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}')

    await write(file, progress=50)
    assert (await take(mailbox)).state.progress == 50
    try:
        let_in(False)
        await asyncio.sleep(0.5)
        late = follow(running, file)
        with pytest.raises(TimeoutError):
            await take(late, 0.5)
    finally:
        let_in(True)
        admin.close()
    assert (await take(late)).state.progress == 50


@pytest.mark.exhaustive
async def test_it_rests_when_nobody_follows_and_starts_again(
    running: Hub, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "IDLE_SECONDS", 0.2)
    for _ in range(2):
        mailbox = Mailbox()
        subscription = Subscription(file_topic(file.pk), mailbox, NOBODY)
        running.subscribe(subscription)
        await take(mailbox)
        running.unsubscribe(subscription)
        async with within(10):
            while {"live hub", "live wake-ups"} & {task.get_name() for task in asyncio.all_tasks()}:
                await asyncio.sleep(0.05)
