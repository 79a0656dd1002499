"""What this process has done for who listens, as plain numbers: kept with its presence."""

from bisect import bisect_left
from collections import Counter
from typing import Any

# Seconds from the commit of a change until it lies ready for its readers.
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Measured:
    """Counters that only grow. Belongs to the event loop."""

    def __init__(self) -> None:
        self.opened: Counter[str] = Counter()
        self.resumed: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.latency = [0] * (len(BUCKETS) + 1)
        self.latency_seconds = 0.0

    def took(self, seconds: float) -> None:
        self.latency[bisect_left(BUCKETS, seconds)] += 1
        self.latency_seconds += seconds

    def as_json(self) -> dict[str, Any]:
        return {
            "opened": dict(self.opened),
            "resumed": dict(self.resumed),
            "messages": dict(self.messages),
            "errors": dict(self.errors),
            "latency": list(self.latency),
            "latency_seconds": round(self.latency_seconds, 6),
        }
