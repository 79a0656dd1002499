"""The course of one backup on a worker: claim, dump and store, check, register.

Every write is fenced by the claim; when it is lost, the run stops and writes nothing more.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from pyrage import x25519

from backups import keyring, manifest
from backups.checks.at_once import drill_at_once, write_drill
from backups.checks.drilling import Drilled
from backups.checks.requesting import request_due_drill
from backups.copying.requesting import request_due_copies
from backups.engines import engine_for, run_name
from backups.errors import BackupError, Corrupt
from backups.leftovers import remove_unregistered
from backups.models import Backup
from backups.naming import artifact_key, extension
from backups.options import parse_options
from backups.outcome import write_success
from backups.pipeline import Packed, named, store_artifact
from backups.queueing import wake_next
from backups.recovery.sheet import write_restore_sheet
from backups.runs import failing_in_its_row
from backups.secret_use import record_use_by_run
from backups.validation import Finding, check_stored
from faults import reach
from monitoring.files.claims import Claim
from monitoring.files.endings import finish_file
from monitoring.files.journal import Journal
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import put_stream


@dataclass(frozen=True)
class Made:
    """An artifact with its manifest, both stored, not yet registered."""

    key: str
    packed: Packed
    manifest: dict[str, Any]


def carry_out(*, backup: Backup, claim: Claim) -> None:
    """Make the backup that the claim is for. Its failures end in its row, not here.

    Raises ClaimLost, and what our own database raises: then the run was lost, not the backup.
    """
    journal = Journal()
    with failing_in_its_row(claim, event="backup_broke", code=BackupError.code):
        _make(backup, claim, journal)


def _make(backup: Backup, claim: Claim, journal: Journal) -> None:
    recipient, identity = keyring.new_ephemeral()
    key = artifact_key(backup, claim.attempt)
    made: Made | None = None
    try:
        made = _dump_and_store(backup, claim, journal, key, recipient)
        findings, drilled = _read_back(backup, claim, journal, made, identity)
        _register(backup, claim, journal, made, findings, drilled)
    except BaseException:
        # Nothing that is not registered stays: the manifest goes first, then the bytes.
        if made is not None:
            remove_unregistered(backup, made.key)
        raise


def _dump_and_store(
    backup: Backup, claim: Claim, journal: Journal, key: str, recipient: keyring.Recipient
) -> Made:
    engine = engine_for(backup.database)
    options = parse_options(backup.options)
    recipients = [*keyring.standing_recipients(), recipient]
    with transaction.atomic():
        record_use_by_run(database=backup.database, claim=claim, purpose="dump")
        enter_stage(claim=claim, key="dump", journal=journal)
    contents: dict[str, Any] = {}
    run = run_name(claim.file_id, claim.attempt)
    with engine.dump(backup.database, options, run=run, journal=journal) as dump:
        reach("dump.begun")
        key = f"{key}.{extension(dump)}"
        meter = Meter(claim=claim, journal=journal, key="dump", bytes_total=dump.source_bytes)

        def on_read() -> None:
            meter.reach(dump.bytes_done())

        def finish() -> None:
            contents.update(dump.finish(on_wait=meter.write))
            reach("dump.ended")
            enter_stage(claim=claim, key="store", journal=journal)

        packed = store_artifact(
            stream=dump.stream,
            finish=finish,
            target=backup.storage,
            key=key,
            recipients=recipients,
            compress=None if dump.compressed_inside else options.compression_level,
            on_read=on_read,
        )
    reach("artifact.stored")
    try:
        written = manifest.build_manifest(
            backup=backup,
            key=key,
            dump=dump,
            contents=contents,
            packed=packed,
            recipients=recipients,
            engine=engine,
            attempt=claim.attempt,
        )
        body = manifest.encode(written)
        put_stream(
            target=backup.storage, key=key + manifest.SUFFIX, fill=lambda sink: _all(sink, body)
        )
    except BaseException as error:
        remove_unregistered(backup, key)
        if isinstance(error, StorageError):
            raise named(error) from error
        raise
    reach("manifest.stored")
    journal.say(_("Stored %(size)d bytes.") % {"size": packed.written.size}, source="storage")
    return Made(key, packed, written)


def _read_back(
    backup: Backup, claim: Claim, journal: Journal, made: Made, identity: x25519.Identity
) -> tuple[list[Finding], Drilled | None]:
    """Check what was stored. Raises Corrupt when a level does not pass."""
    engine = engine_for(backup.database)
    size = made.packed.written.size
    enter_stage(claim=claim, key="validate", journal=journal, bytes_total=size)
    meter = Meter(claim=claim, journal=journal, key="validate", bytes_total=size)
    findings = check_stored(
        target=backup.storage,
        key=made.key,
        expected=made.packed.written,
        manifest=made.manifest,
        engine=engine,
        identity=identity,
        on_read=meter.add,
    )
    reach("readback.ended")
    for finding in findings:
        if not finding.passed:
            raise Corrupt(
                _("What was stored does not read back: %(detail)s") % {"detail": finding.detail}
            )
        journal.say(finding.detail or str(finding.level), source="check")
    written = made.packed.written
    drilled = drill_at_once(
        backup=backup,
        stored=StoredObject(
            target=backup.storage, key=made.key, size=written.size, sha256=written.sha256
        ),
        manifest=made.manifest,
        engine=engine,
        identity=identity,
        journal=journal,
        meter=meter,
    )
    return findings, drilled


def _register(
    backup: Backup,
    claim: Claim,
    journal: Journal,
    made: Made,
    findings: list[Finding],
    drilled: Drilled | None,
) -> None:
    """The good end: the file's and the backup's outcome, in one transaction."""
    with transaction.atomic():
        enter_stage(claim=claim, key="finalize", journal=journal)
        write_success(
            backup=backup,
            key=made.key,
            packed=made.packed,
            manifest=made.manifest,
            findings=findings,
        )
        if drilled is not None:
            write_drill(backup=backup, drilled=drilled)
        finish_file(claim=claim, name=made.manifest["artifact"]["file"])
        wake_next(database_id=backup.database_id)
        request_due_drill(backup=backup)
        request_due_copies(backup=backup)
        reach("register.before-commit")
    reach("register.committed")
    write_restore_sheet(backup=backup)


def _all(sink: Any, body: bytes) -> None:
    sink.write(body)
