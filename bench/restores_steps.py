"""A stored backup brought into a new database as a runner does, without rows."""

import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import orjson
from pyrage import x25519

from backups.engines import RestoreOptions, engine_for
from backups.models import Database
from backups.validation import Hashed, decrypt
from bench.ours_run import _peak_memory
from bench.ours_steps import KEY, dump_and_store
from monitoring.files.journal import Journal


def prepare(folder: Path) -> None:
    """The stored bytes with their key, and the archive as plain pg_restore takes it."""
    from backups import keyring

    keyring.make_keys()
    stored = dump_and_store()
    (folder / "manifest").write_bytes(orjson.dumps(stored.manifest))
    (folder / "key").write_text(str(stored.identity))
    os.link(folder / KEY, folder / "stored.age")
    with (folder / "stored.age").open("rb") as file, (folder / "plain.dump").open("wb") as plain:
        decrypt(Hashed(file, lambda _count: None), plain, stored.manifest, stored.identity)
    subprocess.run(["sync"], check=True)


def bring(folder: Path, *, name: str, jobs: int) -> tuple[float, int]:
    """Seconds from the draft's making until pg_restore has ended well; bytes of memory."""
    manifest = orjson.loads((folder / "manifest").read_bytes())
    identity = x25519.Identity.from_str((folder / "key").read_text())
    server = Database(
        name="bench",
        host=os.environ["PGHOST"],
        database_name="postgres",
        username=os.environ["PGUSER"],
    )
    began = time.monotonic()
    with ExitStack() as stack:
        there = stack.enter_context(
            engine_for(server).restore(
                server,
                manifest,
                name=name,
                replaces=False,
                draft="holdfast_bench_draft",
                run="holdfast:bench:1",
                options=RestoreOptions(jobs=jobs),
                journal=Journal(),
                on_wait=lambda: None,
            )
        )
        with (folder / "stored.age").open("rb") as file:
            source = Hashed(file, lambda _count: None)
            decrypt(source, there, manifest, identity)
            there.finish()
            source.drain()
        if source.digest.hexdigest() != manifest["artifact"]["sha256"]:
            raise SystemExit("The stored bytes are not those that were written.")
        seconds = time.monotonic() - began
        there.identify()
        there.publish(kept="", note="")
    return seconds, _peak_memory()
