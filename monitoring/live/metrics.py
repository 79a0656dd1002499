"""Numbers of the live channels for Prometheus, in its text form, over all server processes.

Each process keeps its counters with its presence, so any of them answers for all; a process that
ended takes its own with it, as `process` says.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from monitoring.live.measured import BUCKETS
from monitoring.live.presence import CHANNELS, all_measured

_COUNTERS = (
    ("opened", "holdfast_live_opened_total", "Connections that were let in."),
    ("resumed", "holdfast_live_resumed_total", "Of these, how many came back after a cut."),
    ("messages", "holdfast_live_messages_total", "Messages that were handed to readers."),
    ("errors", "holdfast_live_errors_total", "Refusals and ends with an error, by code."),
)
_LABELS = {
    "opened": ("channel", "way"),
    "resumed": ("channel", "way"),
    "messages": ("way",),
    "errors": ("code",),
}


def live_metrics() -> str:
    processes = all_measured()
    return "\n".join(_lines(processes)) + "\n"


def _lines(processes: dict[str, dict[str, Any]]) -> Iterator[str]:
    yield from _head("holdfast_live_connections", "gauge", "Connections open now.")
    for process, told in processes.items():
        open_ways = told["connections"].get("ways", {})
        for channel in CHANNELS:
            for way in ("socket", "stream"):
                count = open_ways.get(f"{channel} {way}", 0)
                labels = (("channel", channel), ("way", way), ("process", process))
                yield _line("holdfast_live_connections", labels, count)
    for key, name, about in _COUNTERS:
        yield from _head(name, "counter", about)
        for process, told in processes.items():
            for text, count in sorted(told["measured"].get(key, {}).items()):
                words = zip(_LABELS[key], text.split(" "), strict=True)
                yield _line(name, (*words, ("process", process)), count)
    yield from _latency(processes)


def _latency(processes: dict[str, dict[str, Any]]) -> Iterator[str]:
    name = "holdfast_live_latency_seconds"
    yield from _head(name, "histogram", "From a change's event until it lies ready for readers.")
    for process, told in processes.items():
        counts = told["measured"].get("latency", [0] * (len(BUCKETS) + 1))
        total = 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
            total += count
            yield _line(f"{name}_bucket", (("le", bound), ("process", process)), total)
        seconds = told["measured"].get("latency_seconds", 0)
        yield _line(f"{name}_sum", (("process", process),), seconds)
        yield _line(f"{name}_count", (("process", process),), total)


def _head(name: str, kind: str, about: str) -> tuple[str, str]:
    return f"# HELP {name} {about}", f"# TYPE {name} {kind}"


def _line(name: str, labels: Iterable[tuple[str, str]], value: float) -> str:
    said = ",".join(f'{key}="{_escape(text)}"' for key, text in labels)
    return f"{name}{{{said}}} {value}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
