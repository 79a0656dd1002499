"""The course of one backup on a worker: claim, dump and store, check, register.

Every write is fenced by the claim; when it is lost, the run stops and writes nothing more.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from pyrage import x25519

from access import audit
from access.policy import System
from access.redaction import redact
from backups import keyring, manifest
from backups.engines import Dump, engine_for, run_name
from backups.errors import BackupError, Corrupt
from backups.models import Backup, LevelResult
from backups.options import parse_options
from backups.pipeline import Packed, named, store_artifact
from backups.validation import Finding, check_stored
from monitoring.files.claims import Claim, ClaimLost, kept_alive
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage, fail_file, finish_file
from storage.errors import StorageError
from storage.keys import slug
from storage.services import delete_bytes, put_stream, register_object

log = structlog.get_logger(__name__)

EXTENSIONS = ("dump.age", "dump.zst.age")


@dataclass(frozen=True)
class Made:
    """An artifact with its manifest, both stored, not yet registered."""

    key: str
    packed: Packed
    manifest: dict[str, Any]


def carry_out(*, backup: Backup, claim: Claim) -> None:
    """Make the backup that the claim is for. Its failures end in its row, not here."""
    try:
        with kept_alive(claim) as lost:

            def stop_when_lost() -> None:
                if lost.is_set():
                    raise ClaimLost("Another worker has taken over.")

            _make(backup, claim, stop_when_lost)
    except ClaimLost:
        log.warning("claim_lost", backup=str(backup.pk), attempt=claim.attempt)
    except BackupError as error:
        fail(backup=backup, claim=claim, error=error)
    except Exception as error:
        log.exception("backup_broke", backup=str(backup.pk))
        fail(backup=backup, claim=claim, error=_as_failure(error))
        raise


def _make(backup: Backup, claim: Claim, check: Callable[[], None]) -> None:
    recipient, identity = keyring.new_ephemeral()
    key = artifact_key(backup, claim.attempt)
    made: Made | None = None
    try:
        made = _dump_and_store(backup, claim, key, recipient, check)
        findings = _read_back(backup, claim, made, identity, check)
        _register(backup, claim, made, findings)
    except BaseException:
        # Nothing that is not registered stays: the manifest goes first, then the bytes.
        if made is not None:
            _remove_unregistered(backup, made.key)
        raise


def _dump_and_store(
    backup: Backup,
    claim: Claim,
    key: str,
    recipient: keyring.Recipient,
    check: Callable[[], None],
) -> Made:
    engine = engine_for(backup.database)
    options = parse_options(backup.options)
    recipients = [*keyring.standing_recipients(), recipient]
    enter_stage(claim=claim, key="dump")
    with engine.dump(backup.database, options, run=run_name(claim.file_id, claim.attempt)) as dump:
        key = f"{key}.{extension(dump)}"
        meter = Meter(claim=claim, key="dump", bytes_total=dump.source_bytes)
        contents: dict[str, Any] = {}

        def on_read() -> None:
            check()
            meter.reach(dump.bytes_done())

        def finish() -> None:
            contents.update(dump.finish())
            enter_stage(claim=claim, key="store")

        packed = store_artifact(
            stream=dump.stream,
            finish=finish,
            target=backup.storage,
            key=key,
            recipients=recipients,
            compress=None if dump.compressed_inside else options.compression_level,
            on_read=on_read,
        )
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
        _remove(backup, key)
        if isinstance(error, StorageError):
            raise named(error) from error
        raise
    return Made(key, packed, written)


def _read_back(
    backup: Backup,
    claim: Claim,
    made: Made,
    identity: x25519.Identity,
    check: Callable[[], None],
) -> list[Finding]:
    """Check what was stored. Raises Corrupt when a level does not pass."""
    size = made.packed.written.size
    enter_stage(claim=claim, key="validate", bytes_total=size)
    meter = Meter(claim=claim, key="validate", bytes_total=size)

    def on_read(count: int) -> None:
        check()
        meter.add(count)

    findings = check_stored(
        target=backup.storage,
        key=made.key,
        expected=made.packed.written,
        manifest=made.manifest,
        engine=engine_for(backup.database),
        identity=identity,
        on_read=on_read,
    )
    for finding in findings:
        if not finding.passed:
            raise Corrupt(
                _("What was stored does not read back: %(detail)s") % {"detail": finding.detail}
            )
    return findings


@transaction.atomic
def _register(backup: Backup, claim: Claim, made: Made, findings: list[Finding]) -> None:
    """The good end: the file's and the backup's outcome, in one transaction."""
    enter_stage(claim=claim, key="finalize")
    stored = register_object(target=backup.storage, key=made.key, written=made.packed.written)
    type(stored).objects.filter(pk=stored.pk).update(checked_at=Now())
    backup.stored_objects.add(stored)
    LevelResult.objects.bulk_create(
        LevelResult(
            backup=backup,
            stored=stored,
            level=finding.level,
            passed=finding.passed,
            detail=finding.detail,
        )
        for finding in findings
    )
    artifact = made.manifest["artifact"]
    Backup.objects.filter(pk=backup.pk).update(
        status=Backup.Status.COMPLETED,
        completed_at=Now(),
        file_name=artifact["file"],
        size_bytes=artifact["size"],
        source_bytes=made.manifest["source_bytes"],
        sha256=artifact["sha256"],
        compression=artifact["compression"],
        server_version=made.manifest["server_version"],
        manifest=made.manifest,
        validation=Backup.Validation.GOOD,
        validation_level=LevelResult.Level.CONTENT,
        checked_at=Now(),
    )
    finish_file(claim=claim)
    _audit(backup, "backup.completed")


def fail(*, backup: Backup, claim: Claim | None, error: BackupError) -> bool:
    """The bad end, for the attempt of the claim; False when another attempt has it."""
    with transaction.atomic():
        file = backup.file
        if file is not None:
            file.refresh_from_db()
            if claim is not None and (file.attempt, file.owner) != (claim.attempt, claim.owner):
                return False
            if not fail_file(file=file, error=str(error)):
                return False
        Backup.objects.filter(pk=backup.pk).update(
            status=Backup.Status.FAILED,
            completed_at=Now(),
            error_code=error.code,
            error=redact(str(error)),
            error_detail=redact(error.detail),
        )
        _audit(backup, "backup.failed", code=error.code)
    log.warning("backup_failed", backup=str(backup.pk), code=error.code, error=str(error))
    return True


def remove_leftovers(*, backup: Backup, attempt: int) -> None:
    """What a worker that died behind the publishing has left under the keys of its attempt."""
    for ending in EXTENSIONS:
        _remove(backup, f"{artifact_key(backup, attempt)}.{ending}")


def artifact_key(backup: Backup, attempt: int) -> str:
    """Where the artifact goes, without its extension.

    A folder for each run and attempt, sorting by time; in it the file keeps the name that people
    know, so that the manifest's commands fit a downloaded file too. All of it comes from what the
    request wrote down: a database that is renamed meanwhile does not move its running backup.
    """
    stamp = f"{backup.created_at:%Y%m%dT%H%M%SZ}"
    database = backup.file_name.split(f"_{stamp}")[0]
    run = f"{stamp}-{_short(backup.pk)}-{attempt}"
    return f"{database}-{_short(backup.database_id)}/{run}/{backup.file_name}"


def base_name(backup: Backup) -> str:
    """DB_YYYYMMDDTHHMMSSZ[_label]"""
    label = f"_{backup.label}" if backup.label else ""
    return f"{slug(backup.database.name)}_{backup.created_at:%Y%m%dT%H%M%SZ}{label}"


def extension(dump: Dump) -> str:
    return f"{dump.extension}.age" if dump.compressed_inside else f"{dump.extension}.zst.age"


def _remove_unregistered(backup: Backup, key: str) -> None:
    """When the answer to COMMIT was lost, only the database knows whether the backup counts.

    While it cannot be asked the bytes stay; the tick takes them away when the lease has ended.
    """
    try:
        registered = backup.stored_objects.filter(key=key).exists()
    except DatabaseError as error:
        log.warning("leftover", key=key, error=str(error))
        return
    if not registered:
        _remove(backup, key)


def _remove(backup: Backup, key: str) -> None:
    for name in (key + manifest.SUFFIX, key):
        try:
            delete_bytes(target=backup.storage, key=name)
        except StorageError as error:
            log.warning("leftover", key=name, error=str(error))


def _all(sink: Any, body: bytes) -> None:
    sink.write(body)


def _short(identity: uuid.UUID) -> str:
    return identity.hex[:8]


def _audit(backup: Backup, action: str, **changes: Any) -> None:
    audit.record(
        actor=System("worker"),
        action=action,
        thing=backup,
        company=backup.company,
        changes=changes,
    )


def _as_failure(error: Exception) -> BackupError:
    return BackupError(f"{type(error).__name__}: {redact(str(error))}")
