"""`python -m bench`: a whole backup ÷ the bare tools, on each bundled major, in one run."""

import argparse
import shutil
import signal
import sys
from datetime import UTC, datetime

from bench.archives import reference_hashes
from bench.baselines import baseline_contestants, missing_tools
from bench.clusters import Cluster, running_cluster
from bench.measure import run_alternating
from bench.ours import BenchKey, check_artifact, our_contestants
from bench.peer import peer_contestant
from bench.places import WHEELS, bench_folder
from bench.table import describe_cluster, describe_machine, render_table


def main() -> None:
    # Without this a SIGTERM would leave a server running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _parse(sys.argv[1:])
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · `python -m bench {' '.join(sys.argv[1:])}`")
    print(describe_machine(), flush=True)
    for major in options.majors:
        with running_cluster(major) as cluster:
            _measure(cluster, options)


def _measure(cluster: Cluster, options: argparse.Namespace) -> None:
    said = missing_tools(cluster)
    output = bench_folder() / "out"
    key = BenchKey.make()
    contestants = baseline_contestants(cluster, output, key.recipient)
    if not contestants:
        print(f"\n{describe_cluster(cluster)}\n\n- " + "\n- ".join(said))
        return
    contestants.extend(our_contestants(cluster, output, key))
    if not options.without_peer:
        contestants.append(peer_contestant(cluster, output))
    series = run_alternating(
        contestants, server=cluster.pid, runs=options.runs, patience=options.patience
    )
    pipe = next((one for one in series if "tee" in one.contestant.name), None)
    print(f"\n{describe_cluster(cluster)}\n")
    print(render_table(series, bare=series[0], pipe=pipe))
    for line in said + check_artifact(cluster, output, key, reference_hashes(cluster)):
        print(f"\n- {line}", end="")
    print("\n", flush=True)
    shutil.rmtree(output)


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=5, help="measured runs of each, after a warm-up"
    )
    parser.add_argument(
        "--patience", type=int, default=0, help="times to repeat a run that others disturbed"
    )
    parser.add_argument("--majors", type=int, nargs="+", default=list(WHEELS), choices=WHEELS)
    parser.add_argument("--without-peer", action="store_true", help="leave django-dbbackup out")
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
