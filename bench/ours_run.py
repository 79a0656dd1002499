"""One backup by the product's own pipeline, in a process of its own as a worker's is.

Needs no database of the product's: the pipeline knows no rows. Prints what `measure` reads.
"""

import json
import os
import time
from pathlib import Path

import django


def main() -> None:
    django.setup()
    from bench.ours_steps import check, dump_and_store, prove

    started = time.monotonic()
    stored = dump_and_store()
    whole = time.monotonic()
    check(stored)
    checked = time.monotonic()
    seconds = {"whole": whole - started, "with the read-back check": checked - started}
    if stored.fingerprint_seconds:
        seconds["the fingerprint alone, beside the dump"] = stored.fingerprint_seconds
        prove(stored)
        seconds["the drill alone"] = time.monotonic() - checked
    report = {
        "seconds": seconds,
        "memory": _peak_memory(),
    }
    print(json.dumps(report))


def _peak_memory() -> int:
    """Bytes this process had resident at most (a child's rusage begins with its parent's)."""
    status = Path("/proc/self/status").read_text()
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) * 1024


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    main()
