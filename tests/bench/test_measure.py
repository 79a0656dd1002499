"""What the bench says of one run: its time, its bytes, and that a failure is never a number."""

import os
import sys
from pathlib import Path

import pytest

from bench.measure import Contestant, Run, Series, run_once


def contestant(folder: Path, code: str, *, reports: bool = False) -> Contestant:
    return Contestant(
        name="it",
        command=[sys.executable, "-c", code],
        environment={"OUT": str(folder / "out")},
        output=folder / "out",
        settings="",
        reports=reports,
    )


def test_counts_bytes_and_processor_time(tmp_path: Path) -> None:
    code = "import os; sum(range(3_000_000)); open(os.environ['OUT'] + '/x', 'wb').write(b'12345')"
    run = run_once(contestant(tmp_path, code), server=os.getpid())
    assert run.size == 5
    assert run.cpu_seconds > 0
    assert run.seconds["whole"] > 0


def test_takes_the_times_that_a_reporting_one_tells(tmp_path: Path) -> None:
    code = """print('{"seconds": {"whole": 1.5}, "memory": 42}')"""
    run = run_once(contestant(tmp_path, code, reports=True), server=os.getpid())
    assert (run.seconds["whole"], run.memory) == (1.5, 42)
    assert "with start-up" in run.seconds


def test_failed_run_ends_the_bench(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        run_once(contestant(tmp_path, "raise SystemExit(3)"), server=os.getpid())


def test_ratio_is_of_neighbouring_runs(tmp_path: Path) -> None:
    """A slow second minute, in which both took twice as long, does not move it."""
    ours, bare = (Series(contestant(tmp_path, "")) for _ in range(2))
    for pace in (1, 2, 1):
        ours.runs.append(Run({"whole": 3.0 * pace}, 0, 0, 0, 0))
        bare.runs.append(Run({"whole": 2.0 * pace}, 0, 0, 0, 0))
    assert ours.ratio_to(bare) == pytest.approx(1.5)
