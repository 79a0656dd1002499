"""One queue kept running as `up` does it: `python -m tests.config.supervised_queue FOLDER QUEUE`.

Each start of `manage.py work` appends its process id to `starts`; its log is `work.log`.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from config.places import PROJECT
from config.processes.child import Child, ChildSpec
from config.supervisor import Supervisor, Watched

PATIENCE = "3"


def main(folder: Path, queue: str) -> None:
    spec = ChildSpec(
        name=queue,
        arguments=(sys.executable, "manage.py", "work", queue, "--patience", PATIENCE),
        folder=PROJECT,
        log=folder / "work.log",
        environment={**os.environ, "Q_CLUSTER_NAME": queue},
    )
    watched = Watched("Queue", lambda: spec)
    supervisor = Supervisor(lambda text: print(text, flush=True))  # noqa: T201
    supervisor.listen()
    supervisor.start(watched)
    supervisor.run(_note_starts(watched, folder / "starts"))
    supervisor.stop()


def _note_starts(watched: Watched, file: Path) -> Callable[[], None]:
    noted: list[Child] = []

    def look() -> None:
        if watched.child is not None and watched.child not in noted:
            noted.append(watched.child)
            with file.open("a") as starts:
                starts.write(f"{watched.child.pid}\n")

    return look


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
