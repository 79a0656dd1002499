"""`python -m bench.restores`: a stored backup into a new database, beside plain pg_restore.

Each bundled major, the ordinary database and one of 3,000 tables: pg_restore of the decrypted
file, `age -d | pg_restore`, and Holdfast in one stream; then `pg_restore -j2` of the decrypted file
and Holdfast with two jobs, its unpacking included. By turns, in one run, as ratios.
"""

import argparse
import json
import os
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.clusters import DATABASE, Cluster, _ask, running_cluster
from bench.places import WHEELS, bench_folder
from bench.table import describe_machine

MANY = "many"
TABLES = 3000
COPY = "copied"
BARS = {"Holdfast": 1.15, "Holdfast, 2 jobs": 1.25}
FILL = f"""
DO $$ BEGIN FOR n IN 1..{TABLES} LOOP
    EXECUTE format('CREATE TABLE t%s AS SELECT i AS id, repeat(md5(i::text), 8) AS v
                    FROM generate_series(1, 200) i', n);
    EXECUTE format('ALTER TABLE t%s ADD PRIMARY KEY (id)', n);
    IF n %% 50 = 0 THEN COMMIT; END IF;
END LOOP; END $$
"""


@dataclass
class Way:
    """`compared_with` is the way whose time is one."""

    name: str
    command: list[str]
    compared_with: str
    seconds: list[float] = field(default_factory=list)
    memory: int = 0


def main() -> None:
    # Without this a SIGTERM would leave a server running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = _parse(sys.argv[1:])
    if options.ours is not None:
        restore_ours(jobs=options.ours)
        return
    print(f"`python -m bench.restores {' '.join(sys.argv[1:])}`\n{describe_machine()}", flush=True)
    for major in options.majors:
        with running_cluster(major) as cluster:
            _make_many(cluster)
            for database in options.databases:
                _measure(cluster, database, options.runs)


def _measure(cluster: Cluster, database: str, runs: int) -> None:
    with _stored(cluster, database) as (folder, environment):
        ways = _ways(cluster, folder)
        for _run in range(runs + 1):
            for way in ways:
                _once(cluster, way, environment)
        tables = _ask(
            cluster.programs,
            cluster.sockets,
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
            database=database,
        )
    print(f"\n## PostgreSQL {cluster.version}, database {database}: {tables} tables\n")
    print(
        "|  | median s | min to max | ÷ | of | peak MiB |\n| --- | ---: | --- | ---: | --- | ---: |"
    )
    # The first run of all was a warm-up.
    medians = {way.name: statistics.median(way.seconds[1:]) for way in ways}
    for way in ways:
        ratio = medians[way.name] / medians[way.compared_with]
        shown = f"**{ratio:.2f}**" if way.name in BARS else f"{ratio:.2f}"
        low, high = min(way.seconds[1:]), max(way.seconds[1:])
        memory = f"{way.memory >> 20}" if way.memory else ""
        name = way.name.replace("|", "&#124;")
        spread = f"{low:.2f} to {high:.2f}"
        cells = [name, f"{medians[way.name]:.2f}", spread, shown, way.compared_with, memory]
        print(f"| {' | '.join(cells)} |", flush=True)


def _ways(cluster: Cluster, folder: Path) -> list[Way]:
    pg_restore = f"{cluster.program('pg_restore')} -d {COPY}"
    plain, jobs = "pg_restore of a file", "pg_restore -j2 of a file"
    file = shlex.quote(str(folder / "plain.dump"))
    key, stored = (shlex.quote(str(folder / name)) for name in ("key", "stored.age"))
    unpack = "" if cluster.major == 17 else " | zstd -dqc"
    ours = [sys.executable, "-m", "bench.restores", "--ours"]
    found = [Way(plain, _shell(f"{pg_restore} {file}"), plain)]
    if shutil.which("age") and (not unpack or shutil.which("zstd")):
        piped = f"age -d -i {key} {stored}{unpack} | {pg_restore}"
        found.append(Way("age -d | pg_restore", _shell(piped), plain))
    found.append(Way("Holdfast", [*ours, "1"], plain))
    found.append(Way(jobs, _shell(f"{pg_restore} -j2 {file}"), jobs))
    found.append(Way("Holdfast, 2 jobs", [*ours, "2"], jobs))
    return found


def _shell(command: str) -> list[str]:
    return ["bash", "-c", f"set -o pipefail; {command}"]


def _once(cluster: Cluster, way: Way, environment: dict[str, str]) -> None:
    for statement in (f"DROP DATABASE IF EXISTS {COPY}", f"CREATE DATABASE {COPY}", "CHECKPOINT"):
        if statement.startswith("CREATE") and "--ours" in way.command:
            continue
        _ask(cluster.programs, cluster.sockets, statement)
    began = time.monotonic()
    done = subprocess.run(way.command, env=environment, check=True, stdout=subprocess.PIPE)
    seconds = time.monotonic() - began
    if "--ours" in way.command:
        # Its own clock: Python and Django start once for many restores.
        report = json.loads(done.stdout.splitlines()[-1])
        seconds, way.memory = report["seconds"], max(way.memory, report["memory"])
    way.seconds.append(seconds)


@contextmanager
def _stored(cluster: Cluster, database: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """A backup of it stored by the product, its key, and what it is without encryption."""
    folder = bench_folder() / "restores"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {
        **cluster.environment(),
        "PATH": f"{cluster.programs}:/usr/local/bin:/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "HOLDFAST_DATA_DIR": str(folder / "installation"),
        "HOLDFAST_POSTGRES_FOLDERS": str(cluster.programs),
        "BENCH_OUTPUT": str(folder),
        "BENCH_FINGERPRINT": "none",
        "PGDATABASE": database,
    }
    try:
        command = [sys.executable, "-m", "bench.restores", "--ours", "0"]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        yield folder, environment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def restore_ours(*, jobs: int) -> None:
    """In a process of its own, as a runner is. No job at all: make what is to be restored."""
    import django

    django.setup()
    from bench.restores_steps import bring, prepare

    folder = Path(os.environ["BENCH_OUTPUT"])
    if not jobs:
        prepare(folder)
        return
    seconds, memory = bring(folder, name=COPY, jobs=jobs)
    print(json.dumps({"seconds": seconds, "memory": memory}))


def _make_many(cluster: Cluster) -> None:
    exists = f"SELECT count(*) FROM pg_database WHERE datname = '{MANY}'"
    if _ask(cluster.programs, cluster.sockets, exists) == "0":
        for statement in ("DROP DATABASE IF EXISTS unfinished", "CREATE DATABASE unfinished"):
            _ask(cluster.programs, cluster.sockets, statement)
        _ask(cluster.programs, cluster.sockets, FILL.replace("%%", "%"), database="unfinished")
        rename = f"ALTER DATABASE unfinished RENAME TO {MANY}"
        _ask(cluster.programs, cluster.sockets, rename)


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.restores", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each")
    parser.add_argument("--majors", type=int, nargs="+", default=list(WHEELS), choices=WHEELS)
    parser.add_argument(
        "--databases", nargs="+", default=[DATABASE, MANY], choices=[DATABASE, MANY]
    )
    parser.add_argument("--ours", type=int, help=argparse.SUPPRESS)
    return parser.parse_args(words)


if __name__ == "__main__":
    main()
