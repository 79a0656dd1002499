"""Work that would hold the event loop up: in few threads, each giving its connection back."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
R = TypeVar("R")

# Fewer than the web server's pool has connections: pages go on while many send.
THREADS = 6

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="ingest")


def begin(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[R]":
    """It runs from now on; what it raises comes when it is awaited."""

    def carry_out() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    # With the address of the request, for the audit.
    context = copy_context()
    return asyncio.get_running_loop().run_in_executor(_threads, context.run, carry_out)


async def ask(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return await begin(work, *args, **kwargs)
