"""A dump from elsewhere becomes a backup: read to its end, then stored anew like any other.

The file itself stays as it is.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, require
from backups import keyring, manifest
from backups.engines import Dump, engines
from backups.engines.postgres.header import Head
from backups.errors import InUse, NotFound
from backups.models import Backup, Database
from backups.naming import artifact_key, base_name, is_of_holdfast_itself
from backups.pipeline import named, store_artifact
from backups.rescan.foreign import look, piped, push
from backups.rescan.services import PERMISSION
from faults import reach
from storage.errors import StorageError
from storage.models import StorageTarget, StoredObject
from storage.services import delete_bytes, put_stream, register_object

LEVEL = 3


@dataclass(frozen=True)
class _Facts:
    """What a manifest asks of a dump (see `backups.engines.Dump`)."""

    server_version: str
    source_bytes: int
    compressed_inside: bool
    compression: str
    extension: str = "dump"


def import_dump(*, target: StorageTarget, key: str, database: Database, actor: Actor) -> Backup:
    """Make it a backup of the database, unchecked. Raises NotAllowed, NotFound, InUse, NoDump,
    KeyMissing, Corrupt, StorageError and BackupError; nothing is left behind then."""
    require(actor, PERMISSION, target.company)
    if database.company_id != target.company_id:
        raise NotFound(_("The database and the storage are of different companies."))
    known = StoredObject.objects.filter(target=target, key=key.removesuffix(manifest.SUFFIX))
    if known.exists() or is_of_holdfast_itself(key):
        raise InUse(_("This file belongs to something that is known."))
    try:
        return _import(target, key, database, actor)
    except StorageError as error:
        raise named(error) from error


def _import(target: StorageTarget, key: str, database: Database, actor: Actor) -> Backup:
    head, is_wrapped = look(target, key)
    contents: dict[str, Any] = {
        "engine": database.engine,
        "tool": f"pg_dump {head.tool_version}",
        "tool_major": head.tool_major,
        "zstd_inside": head.is_zstd,
        "tables": None,
        "fingerprint": None,
    }
    engine = engines()[database.engine]()
    with engine.check_content(contents) as check:
        push(target, key, check)
        check.finish()
        contents["tables"] = sorted(check.read)
    person = actor if isinstance(actor, User) else None
    backup = Backup(
        company_id=target.company_id,
        database=database,
        storage=target,
        name=database.name,
        label="imported",
        trigger=Backup.Trigger.CLI,
        created_at=_now(),
        created_by=person,
        comment=_("Imported: %s") % key,
    )
    backup.file_name = base_name(backup)
    ending = "dump.zst.age" if is_wrapped else "dump.age"
    stored_key = f"{artifact_key(backup, 1)}.{ending}"
    try:
        return _store(target, key, stored_key, backup, contents, head, is_wrapped, actor)
    except BaseException:
        # The manifest first: bytes without one are no backup.
        if not StoredObject.objects.filter(target=target, key=stored_key).exists():
            delete_bytes(target=target, key=stored_key + manifest.SUFFIX)
            delete_bytes(target=target, key=stored_key)
        raise


def _store(
    target: StorageTarget,
    key: str,
    stored_key: str,
    backup: Backup,
    contents: dict[str, Any],
    head: Head,
    is_wrapped: bool,
    actor: Actor,
) -> Backup:
    recipients = keyring.standing_recipients()
    with piped(lambda taker: push(target, key, taker)) as (stream, finish):
        packed = store_artifact(
            stream=stream,
            finish=finish,
            target=target,
            key=stored_key,
            recipients=recipients,
            compress=LEVEL if is_wrapped else None,
        )
    facts = _Facts(
        server_version=head.server_version,
        source_bytes=packed.plain_size,
        compressed_inside=not is_wrapped,
        compression=f"zstd:{LEVEL}" if is_wrapped else "as it came",
    )
    written = manifest.build_manifest(
        backup=backup,
        key=stored_key,
        # Only what `_Facts` has is asked of it.
        dump=cast(Dump, facts),
        contents=contents,
        packed=packed,
        recipients=recipients,
        engine=engines()[backup.database.engine](),
        attempt=1,
    )
    body = manifest.encode(written)
    put_stream(target=target, key=stored_key + manifest.SUFFIX, fill=lambda sink: _all(sink, body))
    reach("import.stored")
    with transaction.atomic():
        stored = register_object(target=target, key=stored_key, written=packed.written)
        backup.status = Backup.Status.COMPLETED
        backup.file_name = written["artifact"]["file"]
        backup.size_bytes = packed.written.size
        backup.source_bytes = packed.plain_size
        backup.sha256 = packed.written.sha256
        backup.compression = facts.compression
        backup.server_version = head.server_version
        backup.manifest = written
        backup.completed_at = Now()
        backup.save(force_insert=True)
        backup.stored_objects.add(stored)
        audit.record(
            actor=actor,
            action="backup.imported",
            thing=backup,
            company=target.company,
            changes={"from": key, "sha256": backup.sha256},
        )
    return backup


def _all(sink: Any, body: bytes) -> None:
    sink.write(body)


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        row = cursor.fetchone()
    assert row is not None
    found: datetime = row[0]
    return found
