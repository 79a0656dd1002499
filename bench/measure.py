"""Runs one command and says what it cost: wall time, processor time, memory, bytes out."""

import json
import os
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

WHOLE = "whole"


@dataclass(frozen=True)
class Contestant:
    """One way to make a backup: an argument list that leaves its files in ``output``."""

    name: str
    command: list[str]
    environment: dict[str, str]
    output: Path
    settings: str
    reports: bool = False
    """Prints a line of JSON with `seconds` (name → seconds) and `memory` (bytes) at its end."""


@dataclass(frozen=True)
class Run:
    seconds: dict[str, float]
    cpu_seconds: float
    memory: int
    size: int


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
        pairs = zip(self.seconds(part), other.seconds(), strict=True)
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
    def size(self) -> int:
        return self.runs[-1].size


def run_once(contestant: Contestant) -> Run:
    """Run it on a machine with nothing left to write. Raises SystemExit when it fails."""
    empty_folder(contestant.output)
    os.sync()
    log = contestant.output.with_suffix(".log")
    with log.open("wb") as errors:
        started = time.monotonic()
        process = subprocess.Popen(
            contestant.command, stdout=subprocess.PIPE, stderr=errors, env=contestant.environment
        )
        assert process.stdout is not None
        said = process.stdout.read()
        # Children that were waited for are in these numbers too; memory is the largest one's.
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{contestant.name} ended with {process.returncode}; see {log}.")
    seconds, memory = {WHOLE: elapsed}, usage.ru_maxrss * 1024
    if contestant.reports:
        report = json.loads(said.splitlines()[-1])
        seconds, memory = report["seconds"] | {"with start-up": elapsed}, report["memory"]
    size = sum(path.stat().st_size for path in contestant.output.rglob("*") if path.is_file())
    return Run(seconds, usage.ru_utime + usage.ru_stime, memory, size)


def run_alternating(contestants: list[Contestant], *, runs: int) -> list[Series]:
    """Every contestant ``runs`` times in turn, so that a slow minute hits them all alike."""
    series = [Series(contestant) for contestant in contestants]
    for number in range(runs + 1):
        for one in series:
            run = run_once(one.contestant)
            print(f"  {number or 'warm-up'}: {one.contestant.name} {run.seconds}", flush=True)
            if number:
                one.runs.append(run)
    return series


def empty_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
