"""django-dbbackup on the same database, by its own command and with its own defaults."""

import sys
from importlib.metadata import version
from pathlib import Path

from bench.clusters import Cluster
from bench.measure import Contestant


def peer_contestant(cluster: Cluster, output: Path) -> Contestant:
    """It neither encrypts, checks nor fsyncs by default; its dump is packed by pg_dump's gzip."""
    return Contestant(
        name=f"django-dbbackup {version('django-dbbackup')}",
        command=[sys.executable, "-m", "django", "dbbackup", "--noinput"],
        environment=cluster.environment()
        | {
            "DJANGO_SETTINGS_MODULE": "bench.peer_settings",
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
            "BENCH_OUTPUT": str(output / "peer"),
        },
        output=output / "peer",
        # Several times slower than the others: two runs tell enough.
        most_runs=2,
        settings="gzip in pg_dump (its default)",
    )
