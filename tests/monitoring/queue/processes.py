"""Processes of our own that work on this test's database, driven line by line.

`python -m tests.monitoring.queue.processes` answers each line (a JSON list: command, arguments)
by one line of JSON.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from config.places import PROJECT


def environment(**more: str) -> dict[str, str]:
    """What a process needs to work on the database of the running test."""
    from django.db import connection

    here = connection.settings_dict
    where = f"{quote(str(here['HOST']), safe='')}:{here['PORT'] or 5432}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{here['USER']}@{where}/{here['NAME']}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


class Elsewhere:
    """A worker of another machine, as far as its clock goes."""

    def __init__(self, **more: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.monitoring.queue.processes"],
            cwd=PROJECT,
            env=environment(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, command: str, *arguments: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([command, *arguments]) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()


def _commands() -> dict[str, Callable[..., Any]]:
    import time
    import uuid

    from django_q.brokers import get_broker
    from django_q.tasks import async_task

    from monitoring.files import claims

    taken: list[claims.Claim] = []

    def claim(file_id: str) -> bool:
        found = claims.claim(file_id=uuid.UUID(file_id))
        taken.extend([found] if found else [])
        return found is not None

    def enqueue(queue: str, words: str) -> str:
        return str(async_task("builtins.print", words, cluster=queue))

    def dequeue(queue: str) -> int | None:
        found = get_broker(queue).dequeue()
        return found[0][0] if found else None

    def poll(queue: str, seconds: float) -> tuple[int, float]:
        """Rounds, and seconds of CPU time in them."""
        broker, rounds = get_broker(queue), 0
        until, used = time.monotonic() + seconds, time.process_time()
        while time.monotonic() < until:
            broker.dequeue()
            rounds += 1
        return rounds, time.process_time() - used

    return {
        "clock": time.time,
        "claim": claim,
        "renew": lambda: taken[-1].renew(),
        "expired": lambda: claims.expired().count(),
        "held": lambda: claims.held().count(),
        "enqueue": enqueue,
        "dequeue": dequeue,
        "acknowledge": lambda queue: get_broker(queue).acknowledge(1),
        "size": lambda queue: get_broker(queue).queue_size(),
        "poll": poll,
    }


def _answer_lines() -> None:
    import django

    django.setup()
    commands = _commands()
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        print(json.dumps(commands[command](*arguments)), flush=True)  # noqa: T201


if __name__ == "__main__":
    _answer_lines()
