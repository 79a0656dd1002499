"""Who is sent away: rights and logins that ended, who takes nothing, and a file that is gone."""

import asyncio

import pytest

from access.models import Membership, User
from monitoring.files.models import TrackedFile
from monitoring.live import hub as hub_module
from monitoring.live.access import Credential
from monitoring.live.errors import LiveError, NotAllowed, NotAuthenticated, NotFound, TooSlow
from monitoring.live.files import file_topic
from monitoring.live.following import Subscription
from monitoring.live.hub import Hub
from monitoring.live.mailbox import Mailbox
from tests.config.waiting import within
from tests.monitoring.live.conftest import session_of, token_of
from tests.monitoring.live.followers import NOBODY, apart, follow, running, take, write

__all__ = ["running"]

pytestmark = pytest.mark.django_db(transaction=True)


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
    async with within(10):
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
