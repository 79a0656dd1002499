"""Making a set: dump → keys → manifest, each whole or not there; read back; then registered."""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _
from pyrage import RecipientError

from access.models import Company
from backups import keyring
from backups.engines import engines
from backups.errors import Corrupt, KeyMissing
from backups.models import Database
from backups.naming import extension
from backups.options import parse_options
from backups.pipeline import Packed, named, store_artifact
from backups.validation import check_stored
from controlplane.files import FORMAT, KIND, Names, encode
from controlplane.models import ControlSet
from controlplane.sealing import recovery_recipient, sealed_keys
from faults import reach
from monitoring.files.journal import Journal
from storage.errors import StorageError
from storage.models import StorageTarget
from storage.services import Written, open_object, put_stream

ENGINE = Database.Engine.POSTGRESQL


@dataclass(frozen=True)
class MadeSet:
    key: str
    size: int
    manifest_sha256: str


def make_set(row: ControlSet) -> MadeSet:
    """Store the set of this row. Raises BackupError; what was stored then is the caller's to
    remove (`Names.all`)."""
    names = Names.of(row.pk, row.created_at)
    try:
        recovery = recovery_recipient()
        recovery.key()
    except (RecipientError, ValueError) as error:
        raise KeyMissing(_("There is no recovery key that can be used: no set is made.")) from error
    try:
        return _make(row, names, recovery)
    except StorageError as error:
        raise named(error) from error


def _make(row: ControlSet, names: Names, recovery: keyring.Recipient) -> MadeSet:
    ephemeral, identity = keyring.new_ephemeral()
    recipients = [*keyring.standing_recipients(), ephemeral]
    key, packed, manifest = _dump(row, names, recipients)
    reach("control.dump-stored")
    sealed = sealed_keys(set_id=row.pk, dump_sha256=packed.written.sha256, recipient=recovery)
    keys = _put(row.target, names.keys, sealed)
    reach("control.keys-stored")
    manifest["keys"] = {
        "file": names.keys.rsplit("/", 1)[-1],
        **asdict(keys),
        "recipients": [{"role": recovery.role, "public": recovery.public}],
    }
    findings = check_stored(
        target=row.target,
        key=key,
        expected=packed.written,
        manifest=manifest,
        engine=engines()[ENGINE](),
        identity=identity,
    )
    for finding in findings:
        if not finding.passed:
            raise Corrupt(_("What was stored does not read back: %s") % finding.detail)
    _read_back(row.target, names.keys, sealed)
    written = _put(row.target, names.manifest, encode(manifest))
    reach("control.manifest-stored")
    size = packed.written.size + keys.size + written.size
    return MadeSet(names.manifest, size, written.sha256)


def _dump(
    row: ControlSet, names: Names, recipients: list[keyring.Recipient]
) -> tuple[str, Packed, dict[str, Any]]:
    engine = engines()[ENGINE]()
    options = parse_options({})
    contents: dict[str, Any] = {}
    run = f"holdfast:itself:{row.pk.hex[:8]}"
    with engine.dump(own_database(), options, run=run, journal=Journal()) as dump:
        key = names.dump(extension(dump))
        packed = store_artifact(
            stream=dump.stream,
            finish=lambda: contents.update(dump.finish()),
            target=row.target,
            key=key,
            recipients=recipients,
            compress=None if dump.compressed_inside else options.compression_level,
        )
    manifest: dict[str, Any] = {
        "holdfast_control_plane": FORMAT,
        "kind": KIND,
        "set": str(row.pk),
        "holdfast_version": settings.VERSION,
        "created_at": row.created_at.isoformat(),
        "companies": list(Company.objects.order_by("pk").values_list("name", flat=True)[:20]),
        "installation": next(one.public for one in recipients if one.role == "installation"),
        "target": str(row.target_id),
        "migrations": newest_migrations(),
        "server_version": dump.server_version,
        "source_bytes": dump.source_bytes,
        "contents": contents,
        "artifact": {
            "file": key.rsplit("/", 1)[-1],
            "key": key,
            "size": packed.written.size,
            "sha256": packed.written.sha256,
            "format": "custom",
            "compression": dump.compression,
            "compressed_inside": dump.compressed_inside,
            "plain_size": packed.plain_size,
            "plain_sha256": packed.plain_sha256,
            "encryption": "age",
            "recipients": [{"role": one.role, "public": one.public} for one in recipients],
        },
    }
    manifest["restore"] = {
        "needs": engine.restore_needs(manifest),
        "commands": [
            f"age -d -i {keyring.RECOVERY_FILE} {names.keys.rsplit('/', 1)[-1]} | tar x",
            *engine.restore_commands(manifest),
        ],
    }
    return key, packed, manifest


def own_database() -> Database:
    """Holdfast's own, as something that can be dumped. It has no row, and never gets one."""
    own = connection.settings_dict
    database = Database(
        company_id=0,
        name="holdfast",
        host=own["HOST"],
        port=int(own["PORT"] or 5432),
        database_name=own["NAME"],
        username=own["USER"],
        tls_mode=own.get("OPTIONS", {}).get("sslmode", Database.TlsMode.PREFER),
    )
    database.password = own.get("PASSWORD") or ""
    return database


def newest_migrations() -> dict[str, str]:
    """By app, the last one that was applied: what a recovering version has to know."""
    return dict(sorted(MigrationRecorder(connection).applied_migrations()))


def _put(target: StorageTarget, key: str, body: bytes) -> Written:
    return put_stream(target=target, key=key, fill=lambda sink: _all(sink, body))


def _all(sink: Any, body: bytes) -> None:
    sink.write(body)


def _read_back(target: StorageTarget, key: str, body: bytes) -> None:
    with open_object(target=target, key=key) as file:
        if file.read(len(body) + 1) != body:
            raise Corrupt(_("What was stored does not read back: %s") % key)
