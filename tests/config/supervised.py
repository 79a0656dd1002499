"""A small supervised program for tests: `python -m tests.config.supervised FOLDER KIND`.

It keeps one child running; each start of the child appends its process id to `starts`.
"""

import sys
from pathlib import Path

from config import supervisor as supervising
from config.processes.child import ChildSpec
from config.supervisor import Supervisor, Watched

CHILDREN = {
    "calm": "import time; started(); time.sleep(600)",
    "failing": "import sys; started(); sys.exit(3)",
    # Who reads of the start may send the signal at once.
    "stubborn": (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "started(); time.sleep(600)"
    ),
    "family": (
        "import multiprocessing, time; from machine.lifeline import tie_every_fork; started();"
        "tie_every_fork();"
        "p = multiprocessing.get_context('fork').Process(target=time.sleep, args=(600,));"
        "p.start(); note(p.pid); time.sleep(600)"
    ),
}
NOTE = """
import os
def note(pid):
    with open("starts", "a") as file:
        file.write(f"{pid}\\n")
def started():
    note(os.getpid())
"""


def main(folder: Path, kind: str) -> None:
    # Tests of `up` see the product's own; nobody needs to wait for it here.
    supervising.WORK_SECONDS = 2.0
    spec = ChildSpec(
        name=kind,
        arguments=(sys.executable, "-c", NOTE + CHILDREN[kind]),
        folder=folder,
        log=folder / "child.log",
        environment={"PYTHONPATH": str(Path.cwd())},
    )
    supervisor = Supervisor(lambda text: print(text, flush=True))  # noqa: T201
    supervisor.listen()
    supervisor.start(Watched("Child", lambda: spec))
    supervisor.run()
    supervisor.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
