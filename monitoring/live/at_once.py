"""A coroutine run as far as it goes without waiting, by whoever is at work: no task is woken."""

from collections.abc import Coroutine, Generator
from typing import Any


class Rest:
    """What is left of a coroutine that had to wait: to be awaited once, in any task, or closed."""

    def __init__(self, work: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._work = work
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        try:
            # Handed out again, to the task that waits from now on.
            yield self._waits_for
            yield from self._work.__await__()
        finally:
            self.close()

    def close(self) -> None:
        self._work.close()


def begin(work: Coroutine[Any, Any, None]) -> Rest | None:
    """None when it is done already. Raises what it raises.

    The work MUST NOT ask in which task it is before it first waits: it begins in ours, and may go
    on in another (so no `asyncio.timeout` around that).
    """
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None
    return Rest(work, waits_for)
