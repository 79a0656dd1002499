"""The JSON beside an artifact: what it is, and how anyone restores it without Holdfast."""

from typing import Any

import orjson

from backups.engines import Dump, Engine
from backups.keyring import Recipient
from backups.models import Backup, Database
from backups.pipeline import Packed

FORMAT = 1
SUFFIX = ".manifest.json"


def build_manifest(
    *,
    backup: Backup,
    key: str,
    dump: Dump,
    contents: dict[str, Any],
    packed: Packed,
    recipients: list[Recipient],
    engine: Engine,
    attempt: int,
) -> dict[str, Any]:
    """Sizes are in bytes, times ISO 8601 in UTC, hashes sha256 in hex. Holds no secret."""
    manifest: dict[str, Any] = {
        "holdfast_manifest": FORMAT,
        "backup": str(backup.pk),
        "attempt": attempt,
        "database": _identity(backup.database),
        "company": backup.company.name,
        "created_at": backup.created_at.isoformat(),
        "label": backup.label,
        "options": backup.options,
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
            "recipients": [{"role": r.role, "public": r.public} for r in recipients],
        },
    }
    manifest["restore"] = {
        "needs": engine.restore_needs(manifest),
        "commands": engine.restore_commands(manifest),
    }
    return manifest


def _identity(database: Database) -> dict[str, Any]:
    """By which a registry that was lost knows the database again; without its password."""
    return {
        "id": str(database.pk),
        "name": database.name,
        "host": database.host,
        "port": int(database.port),
        "database_name": database.database_name,
        "username": database.username,
    }


def encode(manifest: dict[str, Any]) -> bytes:
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n"
