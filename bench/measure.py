"""Runs one command and says what it cost: wall time, processor time, memory, bytes out."""

import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.quiet import (
    BUSY,
    busy_seconds,
    children,
    server_seconds,
    wait_for_children,
    wait_until_quiet,
)

WHOLE = "whole"


@dataclass(frozen=True)
class Contestant:
    """One way to make a backup: an argument list that leaves its files in ``output``."""

    name: str
    command: list[str]
    environment: dict[str, str]
    output: Path
    settings: str
    most_runs: int = 100
    reports: bool = False
    """Prints a line of JSON with `seconds` (name → seconds) and `memory` (bytes) at its end."""


@dataclass(frozen=True)
class Run:
    seconds: dict[str, float]
    cpu_seconds: float
    memory: int
    size: int
    others: float
    """Share of all processors that was used by others meanwhile."""


@dataclass
class Series:
    """The runs of one contestant. The first of all was a warm-up and is not among them."""

    contestant: Contestant
    runs: list[Run] = field(default_factory=list)

    def seconds(self, part: str = WHOLE) -> list[float]:
        return [run.seconds[part] for run in self.runs]

    def median(self, part: str = WHOLE) -> float:
        return statistics.median(self.seconds(part))

    def ratio_to(self, other: "Series", part: str = WHOLE) -> float:
        """The median of the ratios of neighbouring runs: a slow minute weighs on both sides."""
        pairs = zip(self.seconds(part), other.seconds(), strict=False)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    @property
    def parts(self) -> list[str]:
        return list(self.runs[0].seconds)

    @property
    def cpu_seconds(self) -> float:
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def memory(self) -> int:
        return max(run.memory for run in self.runs)

    @property
    def others(self) -> float:
        return statistics.median(run.others for run in self.runs)

    @property
    def size(self) -> int:
        return self.runs[-1].size


def run_once(contestant: Contestant, *, server: int) -> Run:
    """Run it when nothing is left to write; ``server`` is the process that it dumps from.

    Raises SystemExit when it fails.
    """
    empty_folder(contestant.output)
    os.sync()
    log = contestant.output.with_suffix(".log")
    busy, served, known = busy_seconds(), server_seconds(server), children(server)
    with log.open("wb") as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            contestant.command, stdout=subprocess.PIPE, stderr=errors, env=contestant.environment
        )
        assert process.stdout is not None
        said = process.stdout.read()
        # Children that were waited for are in these numbers too; memory is the largest one's,
        # and never less than that of this process, from which they began.
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.monotonic() - started
    wait_for_children(server, known)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{contestant.name} ended with {process.returncode}; see {log}.")
    seconds, memory = {WHOLE: elapsed}, usage.ru_maxrss * 1024
    if contestant.reports:
        report = json.loads(said.splitlines()[-1])
        seconds, memory = report["seconds"] | {"with start-up": elapsed}, report["memory"]
    cpu = usage.ru_utime + usage.ru_stime
    others = busy_seconds() - busy - cpu - (server_seconds(server) - served)
    return Run(
        seconds=seconds,
        cpu_seconds=cpu,
        memory=memory,
        size=sum(path.stat().st_size for path in contestant.output.rglob("*") if path.is_file()),
        others=max(0.0, others / elapsed / (os.cpu_count() or 1)),
    )


def run_undisturbed(contestant: Contestant, *, server: int, patience: int) -> Run:
    """The first run that others left alone, or the least disturbed of ``patience`` more."""
    found: list[Run] = []
    while not found or (found[-1].others > BUSY and len(found) <= patience):
        if patience:
            wait_until_quiet(seconds=60)
        found.append(run_once(contestant, server=server))
    return min(found, key=lambda run: run.others)


def run_alternating(
    contestants: list[Contestant], *, server: int, runs: int, patience: int
) -> list[Series]:
    """Every contestant in turn, so that a slow minute hits them all alike."""
    series = [Series(contestant) for contestant in contestants]
    for number in range(runs + 1):
        for one in series:
            if number > one.contestant.most_runs:
                continue
            run = run_undisturbed(one.contestant, server=server, patience=patience if number else 0)
            took = ", ".join(f"{part} {seconds:.2f} s" for part, seconds in run.seconds.items())
            others = f"others {run.others:.0%}"
            print(f"  {number or 'warm-up'}: {one.contestant.name}: {took}; {others}", flush=True)
            if number:
                one.runs.append(run)
    return series


def empty_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
