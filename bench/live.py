"""`python -m bench.live`: many readers over two server processes, while files are at work.

An installation of its own with its PostgreSQL and Redis. Every reader follows one file; a writer
moves the files by the product's own verbs, so many events a second, and then ends them. It is
counted what arrives, what it costs the servers, and what readers cost the writer; and the same
load goes through plain Channels groups of sockets, for comparison.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from bench.installation import own_installation
from bench.live_programs import WARM, cpu_of_services, running_readers, running_server
from bench.table import describe_machine

if TYPE_CHECKING:
    from monitoring.files.claims import Claim

WRITER_SECONDS = 6.0


def main() -> None:
    options = _parse()
    print(describe_machine())
    print(f"`python -m bench.live {' '.join(sys.argv[1:])}`\n")
    # The disk of a busy machine is not what is measured.
    postgres = {"synchronous_commit": "off"}
    limits = {"HOLDFAST_LIVE_PER_USER": "0", "HOLDFAST_LIVE_PER_ADDRESS": "0"}
    with own_installation(limits, postgres=postgres):
        rates: dict[str, float] = {}
        for app in ("ours", "channels") if not options.without_channels else ("ours",):
            rates[app] = _measure(app, options)
        if len(rates) == 2:
            ratio = rates["ours"] / rates["channels"]
            print(f"\nDeliveries per CPU second, ours ÷ Channels groups: {ratio:.1f} (bar: 5)")


def _measure(app: str, options: argparse.Namespace) -> float:
    with ExitStack() as ends:
        servers = [ends.enter_context(running_server(app)) for _ in range(2)]
        token, claims = _furnish(options.files)
        print(f"## {app}\n")
        if app == "ours":
            _worker_rate(claims[0], "nobody listening")
        else:
            GROUPS["loop"] = ends.enter_context(asyncio.Runner())
        readers = ends.enter_context(running_readers(app, servers, claims, token, options))
        # The first ones have brought in all that is needed once.
        warm = sum(server.memory() for server in servers)
        readers.connect_more()
        full = sum(server.memory() for server in servers)
        each = (full - warm) / (readers.sockets - 2 * WARM)
        print(f"- memory for each idle WebSocket: {each / 1024:.1f} KiB")
        readers.connect_more()
        time.sleep(1)
        before = [server.cpu() for server in servers]
        if app == "ours":
            idle = time.monotonic()
            time.sleep(3)
            spent = sum(s.cpu() for s in servers) - sum(before)
            print(f"- CPU of both servers, idle: {spent / (time.monotonic() - idle):.3f} s/s")
            _worker_rate(claims[0], "with all readers")
        readers.reset()
        written: dict[tuple[str, int], float] = {}
        before, around = [server.cpu() for server in servers], cpu_of_services()
        seconds = _write(claims, options, written)
        _end(claims)
        time.sleep(3)
        cpu = sum(server.cpu() for server in servers) - sum(before)
        beside = {name: spent - around[name] for name, spent in cpu_of_services().items()}
        found = readers.stop()
        print(
            f"- {found['deliveries']} deliveries in {seconds:.0f} s, {cpu:.2f} CPU s of servers:"
            f" {found['deliveries'] / cpu:.0f} deliveries per CPU second"
        )
        said = ", ".join(f"{name} {spent:.2f}" for name, spent in beside.items())
        print(f"- CPU s beside them, with what the writer asks for: {said}")
        print(
            f"- readers: {found['readers']}; without the final state: {found['unended']};"
            f" an older state after a newer: {found['disordered']}"
        )
        late = sorted(
            at - written[file, done] for file, done, at in found["seen"] if (file, done) in written
        )
        if late:
            half, most = late[len(late) // 2], late[int(len(late) * 0.99)]
            print(f"- change to reader: median {half * 1000:.0f} ms, 99 %: {most * 1000:.0f} ms")
        return float(found["deliveries"] / cpu)


# ---- the writer -------------------------------------------------------------------------


def _furnish(count: int) -> "tuple[str, list[Claim]]":
    from django.db import transaction

    from access.models import Company, User
    from access.policy import System
    from access.tokens import create_token
    from monitoring.files import claims
    from monitoring.files.journal import Journal
    from monitoring.files.services import enter_stage, open_file

    company, _made = Company.objects.get_or_create(name="Bench")
    user = User.objects.filter(username="bench").first() or User.objects.create_superuser("bench")
    token = create_token(user=user, name="bench", actor=System("bench"))
    found = []
    for number in range(count):
        file = open_file(
            kind="upload", company=company, name=f"f{number}", original_path="", origin="upload"
        )
        with transaction.atomic():
            claim = claims.claim(file_id=file.pk)
        assert claim is not None
        enter_stage(claim=claim, key="receive", journal=Journal(), bytes_total=10**9)
        found.append(claim)
    return token, found


def _write(
    claims: "list[Claim]", options: argparse.Namespace, written: dict[tuple[str, int], float]
) -> float:
    """Each tenth of a second one transaction changes the rows as progress does, file by file."""
    from django.db import transaction

    from monitoring.events.services import wake_on_commit
    from monitoring.files.models import Stage

    began, number = time.monotonic(), 0
    for turn in range(options.seconds * 10):
        pause = began + turn / 10 - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        some: list[tuple[Claim, int]] = []
        with transaction.atomic():
            for _ in range(options.events // 10):
                number += 1
                claim, done = claims[number % len(claims)], 3 * 10**8 + number * 100_000
                Stage.objects.filter(file=claim.file_id, key="receive").update(bytes_done=done)
                claim.write(progress=done / 10**7)
                wake_on_commit(claim.file_id)
                some.append((claim, done))
                written[str(claim.file_id), done] = time.time()
        for claim, done in some:
            _tell_groups(claim, done, is_final=False)
    return time.monotonic() - began


def _end(claims: "list[Claim]") -> None:
    from django.db import transaction

    from monitoring.files.endings import finish_file

    for claim in claims:
        with transaction.atomic():
            finish_file(claim=claim)
        _tell_groups(claim, 10**9, is_final=True)


GROUPS: dict[str, Any] = {"loop": None}


def _tell_groups(claim: "Claim", number: int, *, is_final: bool) -> None:
    """To the groups of the other application; ours hears of it by the verbs themselves."""
    if GROUPS["loop"] is None:
        return
    from channels.layers import get_channel_layer

    text = json.dumps(
        {
            "type": "download_update",
            "timestamp": time.time(),
            "download_id": str(claim.file_id),
            "data": {
                **{"progress": number / 1e7, "status": "completed" if is_final else "downloading"},
                **{"title": "f", "thumbnail": "/static/kinds/upload.svg", "url": ""},
                **{"stage": "receive", "bytes_done": number, "bytes_total": 10**9},
                **{"rate": 1.0, "eta_seconds": 1},
            },
        }
    )
    layer: Any = get_channel_layer()
    group = f"file.{claim.file_id}"
    GROUPS["loop"].run(layer.group_send(group, {"type": "say", "text": text}))


def _worker_rate(claim: "Claim", who: str) -> None:
    from monitoring.files.journal import Journal
    from monitoring.files.services import record_progress

    rates, done = [], 10**8
    for _ in range(3):
        began, count = time.monotonic(), 0
        while time.monotonic() - began < WRITER_SECONDS / 3:
            count, done = count + 1, done + 1
            record_progress(
                claim=claim, key="receive", journal=Journal(), bytes_done=done, bytes_total=10**9
            )
        rates.append(count / (time.monotonic() - began))
    print(f"- progress writes a second, {who}: {statistics.median(rates):.0f}")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--streams", type=int, default=200)
    parser.add_argument("--events", type=int, default=50, help="a second, over all files")
    parser.add_argument("--files", type=int, default=10, help="that they follow")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--without-channels", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
