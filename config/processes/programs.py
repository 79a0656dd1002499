"""The programs of a running installation besides its services: web, queues, tick."""

import os
import signal
import sys
from functools import partial

import faults
from config.env import Environment
from config.places import PROJECT, Places
from config.processes.child import ChildSpec
from config.supervisor import Watched

QUEUES = ("short", "long")
# How the web server treats WebSockets.
SOCKETS = (
    *("--ws", "monitoring.live.framing:SharedFrames"),
    # Nobody who listens has much to say (see monitoring.live.sockets).
    *("--ws-max-size", "65536"),
    # Each would hold a compressor, and compress each message for itself.
    *("--ws-per-message-deflate", "false"),
)
GRACE_SECONDS = 5
POOL = 12


def programs(places: Places, environment: Environment) -> list[Watched]:
    return [
        Watched("Web server", partial(web_server, places, environment)),
        *[Watched(f"Queue {queue}", partial(queue_cluster, places, queue)) for queue in QUEUES],
        Watched("Tick", partial(tick, places)),
    ]


def web_server(places: Places, environment: Environment) -> ChildSpec:
    return _python(
        places,
        "web",
        *("-m", "uvicorn", "config.asgi:application"),
        *("--host", environment.host, "--port", str(environment.port)),
        *("--timeout-graceful-shutdown", str(GRACE_SECONDS)),
        *SOCKETS,
        *("--no-server-header", "--no-access-log"),
        environment={"HOLDFAST_DATABASE_POOL": str(environment.database_pool or POOL)},
    )


def queue_cluster(places: Places, queue: str) -> ChildSpec:
    return _python(
        places,
        f"queue-{queue}",
        *("manage.py", "work", queue),
        environment={"Q_CLUSTER_NAME": queue},
    )


def tick(places: Places) -> ChildSpec:
    return _python(places, "tick", "manage.py", "tick")


def _python(
    places: Places, name: str, *arguments: str, environment: dict[str, str] | None = None
) -> ChildSpec:
    return ChildSpec(
        name=name,
        arguments=(sys.executable, *arguments),
        folder=PROJECT,
        log=places.logs / f"{name}.log",
        environment={
            **{name: value for name, value in os.environ.items() if name != faults.VARIABLE},
            # The child must use the very same folder, wherever it would look by itself.
            "HOLDFAST_DATA_DIR": str(places.data),
            "PYTHONUNBUFFERED": "1",
            **(environment or {}),
        },
        death_signal=signal.SIGKILL,
    )
