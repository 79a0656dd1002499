"""The bench's words: one Markdown table for each major, and what was compared besides."""

import os
import platform
from pathlib import Path

from bench.clusters import Cluster
from bench.measure import WHOLE, Series

COLUMNS = [
    "",
    "median s",
    "min to max",
    "÷ bare dump",
    "÷ shell pipe",
    "CPU s",
    "peak MiB",
    "bytes out",
    "others' CPU",
    "zstd",
]


def describe_machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if "model name" in line), "?")
    load = ", ".join(f"{value:.2f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores of {model}, {platform.system()} {platform.release()}; load {load}"
    )


def describe_cluster(cluster: Cluster) -> str:
    return f"## PostgreSQL {cluster.version}: a database of {cluster.size / 1e9:.2f} GB"


def render_table(series: list[Series], *, bare: Series, pipe: Series | None) -> str:
    rows = [COLUMNS, ["---"] + ["---:"] * 8 + ["---"]]
    rows += [_row(one, part, bare, pipe) for one in series for part in one.parts]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(one: Series, part: str, bare: Series, pipe: Series | None) -> list[str]:
    seconds, first = one.seconds(part), part == one.parts[0]
    name = one.contestant.name if part == WHOLE else f"{one.contestant.name}, {part}"
    once = [
        f"{one.cpu_seconds:.1f}",
        f"{one.memory / (1 << 20):.0f}",
        f"{one.size:,}",
        f"{one.others:.0%}",
        one.contestant.settings,
    ]
    return [
        name.replace("|", "\\|"),
        f"{one.median(part):.2f}",
        f"{min(seconds):.2f} to {max(seconds):.2f}",
        f"{one.ratio_to(bare, part):.2f}",
        f"{one.ratio_to(pipe, part):.2f}" if pipe else "",
        *(once if first else [""] * len(once)),
    ]
