"""Questions to the database from the event loop: in few threads, each giving its connection back.

The web server pools connections: hundreds of open streams must not hold one each.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
R = TypeVar("R")

# One for the hub's reading, one for its rechecks, the rest for who comes in.
THREADS = 4

_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")


async def ask(question: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it in a thread. Raises what it raises."""

    def answer() -> R:
        try:
            return question(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.get_running_loop().run_in_executor(_threads, answer)
