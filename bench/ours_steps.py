"""The steps of a backup as a worker takes them, without rows: dump, store, manifest; then check.

What is left out of a real run: the claim's heartbeat, the progress rows and the registration.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyrage import x25519

from access.models import Company
from backups import keyring, manifest
from backups.checks.drilling import drill
from backups.engines import Dump, engine_for
from backups.engines.postgres.dump import PostgresDump
from backups.models import Backup, Database
from backups.options import Options
from backups.pipeline import Packed, store_artifact
from backups.validation import check_stored
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from storage.backends import Sink
from storage.models import StorageTarget, StoredObject
from storage.services import put_stream

KEY = "bench.dump.age"


@dataclass(frozen=True)
class Stored:
    backup: Backup
    packed: Packed
    manifest: dict[str, Any]
    identity: x25519.Identity
    fingerprint_seconds: float


def dump_and_store() -> Stored:
    backup = _unsaved_backup()
    recipient, identity = keyring.new_ephemeral()
    recipients = [*keyring.standing_recipients(), recipient]
    options = Options(fingerprint=os.environ["BENCH_FINGERPRINT"])
    contents: dict[str, Any] = {}
    engine = engine_for(backup.database)
    run = "holdfast:bench:1"
    with engine.dump(backup.database, options, run=run, journal=Journal()) as dump:

        def note_progress() -> None:
            dump.bytes_done()

        packed = store_artifact(
            stream=dump.stream,
            finish=lambda: contents.update(dump.finish()),
            target=backup.storage,
            key=KEY,
            recipients=recipients,
            compress=None if dump.compressed_inside else options.compression_level,
            on_read=note_progress,
        )
    written = _store_manifest(backup, dump, contents, packed, recipients)
    seconds = dump.fingerprint_seconds if isinstance(dump, PostgresDump) else 0.0
    return Stored(backup, packed, written, identity, seconds)


def check(stored: Stored) -> None:
    """Levels one and two on what was stored. Raises SystemExit when one does not pass."""
    findings = check_stored(
        target=stored.backup.storage,
        key=KEY,
        expected=stored.packed.written,
        manifest=stored.manifest,
        engine=engine_for(stored.backup.database),
        identity=stored.identity,
    )
    if not all(finding.passed for finding in findings):
        raise SystemExit(f"The artifact does not read back: {findings}")


def prove(stored: Stored) -> None:
    """Restore what was stored and compare it. Raises SystemExit when it is not proven."""
    written = stored.packed.written
    drilled = drill(
        stored=StoredObject(
            target=stored.backup.storage, key=KEY, size=written.size, sha256=written.sha256
        ),
        manifest=stored.manifest,
        engine=engine_for(stored.backup.database),
        identity=stored.identity,
        journal=Journal(),
        stages=_Unseen(),
    )
    if drilled.outcome != Backup.Validation.PROVEN:
        raise SystemExit(f"The drill does not prove it: {drilled.sentence}")


class _NoMeter(Meter):
    """Nobody looks: there are no rows."""

    def __init__(self) -> None:
        self.done = 0

    def write(self) -> None:
        pass

    def reach(self, done: int) -> None:
        self.done = done


class _Unseen:
    """See `backups.checks.drilling.Stages`."""

    def fetch(self) -> Meter:
        return _NoMeter()

    def restore(self) -> Meter:
        return _NoMeter()

    def compare(self, tables: int) -> Callable[[str], None]:  # noqa: ARG002
        return lambda _table: None


def _unsaved_backup() -> Backup:
    company = Company(name="bench")
    target = StorageTarget(
        company=company,
        kind=StorageTarget.Kind.LOCAL,
        options={"folder": os.environ["BENCH_OUTPUT"]},
    )
    database = Database(
        company=company,
        name="bench",
        host=os.environ["PGHOST"],
        database_name=os.environ["PGDATABASE"],
        username=os.environ["PGUSER"],
    )
    return Backup(company=company, database=database, storage=target, created_at=datetime.now(UTC))


def _store_manifest(
    backup: Backup,
    dump: Dump,
    contents: dict[str, Any],
    packed: Packed,
    recipients: list[keyring.Recipient],
) -> dict[str, Any]:
    written = manifest.build_manifest(
        backup=backup,
        key=KEY,
        dump=dump,
        contents=contents,
        packed=packed,
        recipients=recipients,
        engine=engine_for(backup.database),
        attempt=1,
    )
    body = manifest.encode(written)

    def fill(sink: Sink) -> None:
        sink.write(body)

    put_stream(target=backup.storage, key=KEY + manifest.SUFFIX, fill=fill)
    return written
