"""Readers inside of the tests' own process: a box at a hub, and what is written apart from it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connection

from monitoring.files.models import TrackedFile
from monitoring.live.access import Credential
from monitoring.live.files import file_topic
from monitoring.live.following import Subscription
from monitoring.live.hub import Hub, hub
from monitoring.live.mailbox import Letter, Mailbox

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
