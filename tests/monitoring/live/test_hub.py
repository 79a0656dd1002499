"""The hub of a process: what it puts into boxes, in which order, and that it goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.test import override_settings

from access.models import Membership, User
from monitoring.events.wakeups import wake
from monitoring.files.models import TrackedFile
from monitoring.live import hub as hub_module
from monitoring.live import streams
from monitoring.live.access import Credential
from monitoring.live.admission import Admission
from monitoring.live.channels import DOWNLOADS_CHANNEL, Start
from monitoring.live.errors import LiveError, NotAllowed, NotAuthenticated, NotFound, TooSlow
from monitoring.live.files import file_topic
from monitoring.live.following import Subscription
from monitoring.live.hub import Hub, hub
from monitoring.live.mailbox import Letter, Mailbox
from monitoring.live.presence import Others
from tests.monitoring.live.conftest import session_of, token_of

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = Credential(session="none")


def apart(work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """In a thread with a connection of its own, as another process would."""

    def run() -> Any:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return sync_to_async(run, thread_sensitive=False)()


async def write(file: TrackedFile, **values: Any) -> None:
    await apart(TrackedFile.objects.filter(pk=file.pk).update, **values)


@pytest_asyncio.fixture
async def running() -> AsyncIterator[Hub]:
    yield hub()
    await hub().close()


def follow(there: Hub, file: TrackedFile, credential: Credential = NOBODY) -> Mailbox:
    mailbox = Mailbox()
    there.subscribe(Subscription(file_topic(file.pk), mailbox, credential))
    return mailbox


async def take(mailbox: Mailbox, seconds: float = 10.0) -> Letter:
    async with asyncio.timeout(seconds):
        return await mailbox.take()


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
        async with asyncio.timeout(10):
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


async def test_who_lost_the_right_is_told_and_hears_nothing_more(
    running: Hub, file: TrackedFile, viewer: User, stranger: User
) -> None:
    session = await apart(session_of, viewer)
    token = await apart(token_of, viewer)
    token_id = await apart(lambda: viewer.auth_token_set.get().pk)
    assert token
    by_session = Credential(session=session.partition("=")[2])
    kept = follow(running, file, by_session)
    by_token = follow(running, file, Credential(token_id=token_id))
    unseen = follow(running, file, Credential(session=(await apart(session_of, stranger))[10:]))
    for box in (kept, by_token, unseen):
        await take(box)
    await apart(lambda: viewer.auth_token_set.all().delete())
    await running.recheck()
    assert await ended(by_token) == NotAuthenticated
    assert await ended(unseen) == NotAllowed
    await write(file, progress=50)
    assert (await take(kept)).state.progress == 50
    await write(file, progress=60)
    await apart(Membership.objects.filter(user=viewer).delete)
    await running.recheck()
    assert await ended(kept) == NotAllowed


@pytest.mark.parametrize("change", ["password", "inactive", "logged out"])
async def test_a_login_that_ended_ends_what_it_opened(
    running: Hub, file: TrackedFile, viewer: User, change: str
) -> None:
    session = (await apart(session_of, viewer)).partition("=")[2]
    mailbox = follow(running, file, Credential(session=session))
    await take(mailbox)
    await running.recheck()

    def end_login() -> None:
        if change == "password":
            viewer.set_password("another")
            viewer.save()
        elif change == "inactive":
            User.objects.filter(pk=viewer.pk).update(is_active=False)
        else:
            from django.contrib.sessions.models import Session

            Session.objects.all().delete()

    await apart(end_login)
    await running.recheck()
    assert await ended(mailbox) == NotAuthenticated


async def ended(mailbox: Mailbox) -> type[LiveError]:
    with pytest.raises(LiveError) as caught:
        await take(mailbox)
    return caught.type


async def test_who_takes_nothing_is_sent_away(
    running: Hub, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[bool] = []
    slow, quick = Mailbox(), follow(running, file)
    running.subscribe(
        Subscription(file_topic(file.pk), slow, NOBODY, lambda: given_up.append(True))
    )
    await take(quick)
    running.send_slow_away()
    assert not given_up
    monkeypatch.setattr(hub_module, "UNTAKEN_SECONDS", 0.05)
    async with asyncio.timeout(10):
        while not given_up:
            await asyncio.sleep(0.05)
            running.send_slow_away()
    assert await ended(slow) == TooSlow
    await write(file, progress=50)
    assert (await take(quick)).state.progress == 50


async def test_a_file_that_is_gone_ends_with_a_word(running: Hub, file: TrackedFile) -> None:
    mailbox = follow(running, file)
    await take(mailbox)
    await apart(file.delete)
    assert await ended(mailbox) == NotFound


async def test_a_comment_keeps_a_quiet_stream_open_and_leaving_ends_it(
    running: Hub, file: TrackedFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "KEEP_OPEN_SECONDS", 0.1)
    start = Start(file_topic(file.pk), {"download_id": str(file.pk)})
    admission = Admission(NOBODY, 1, "::1", start, Others(0, 0))
    stream = aiter(streams.follow(DOWNLOADS_CHANNEL, admission))
    said = [await anext(stream) for _ in range(2)]
    async with asyncio.timeout(10):
        while not said[-1].startswith(":"):
            said.append(await anext(stream))
    assert "progress_update" in "".join(said)
    leaving = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert not running.is_followed


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
        async with asyncio.timeout(10):
            while {"live hub", "live wake-ups"} & {task.get_name() for task in asyncio.all_tasks()}:
                await asyncio.sleep(0.05)
