"""`registry.json` at the root of a local storage: what lies there, for a person with the disk.

Derived from the rows and never read by Holdfast; a rescan goes by the manifests.
"""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import orjson
import structlog
from django.db.models import Count, Max, Q

from backups.description import iso
from backups.models import Backup
from backups.naming import REGISTRY
from storage.backends import Sink, backend_for
from storage.errors import StorageError
from storage.models import StorageTarget, StoredObject

log = structlog.get_logger(__name__)

FORMAT = 1
# Thousands of rows are not written anew for each backup of a busy minute.
EVERY_SECONDS = 60.0
BATCH = 500

_written: dict[uuid.UUID, tuple[object, float]] = {}


def write_registries() -> int:
    """Write those that have changed since this process wrote them. A duty of the tick."""
    count = 0
    for target in StorageTarget.objects.filter(kind=StorageTarget.Kind.LOCAL):
        mark, at = _written.get(target.pk, (None, 0.0))
        if mark is not None and time.monotonic() - at < EVERY_SECONDS:
            continue
        now = _mark(target)
        if now == mark:
            _written[target.pk] = (now, time.monotonic())
            continue
        try:
            write_registry(target)
        except StorageError as error:
            log.warning("registry_stays", target=str(target.pk), error=str(error))
        else:
            count += 1
        _written[target.pk] = (now, time.monotonic())
    return count


def write_registry(target: StorageTarget) -> None:
    """Replace it, atomically; in constant memory. An unused storage gets none."""
    if StoredObject.objects.filter(target=target).exists():
        backend_for(target).replace(REGISTRY, lambda sink: _fill(sink, target))


def _fill(sink: Sink, target: StorageTarget) -> None:
    head = {"holdfast_registry": FORMAT, "derived": True, "storage": target.name}
    sink.write(orjson.dumps(head)[:-1] + b',"backups":[')
    between = b"\n"
    for row in _rows(target):
        sink.write(between + orjson.dumps(row))
        between = b",\n"
    sink.write(b"\n]}\n")


def _rows(target: StorageTarget) -> Iterator[dict[str, Any]]:
    through = Backup.stored_objects.through.objects.filter(
        storedobject__target=target,
        storedobject__state=StoredObject.State.STORED,
        backup__deleted_at=None,
    )
    names = (
        *("backup_id", "backup__database__name", "backup__created_at", "backup__validation"),
        *("storedobject__key", "storedobject__size", "storedobject__sha256"),
    )
    for row in through.order_by("backup__created_at").values(*names).iterator(BATCH):
        yield {
            "backup": str(row["backup_id"]),
            "database": row["backup__database__name"],
            "created_at": iso(row["backup__created_at"]),
            "validation": row["backup__validation"],
            "key": row["storedobject__key"],
            "size": row["storedobject__size"],
            "sha256": row["storedobject__sha256"],
        }


def _mark(target: StorageTarget) -> object:
    """Differs whenever the file would."""
    stored = StoredObject.objects.filter(target=target)
    states = stored.aggregate(
        count=Count("pk"),
        kept=Count("pk", filter=Q(state=StoredObject.State.STORED)),
        newest=Max("stored_at"),
        checked=Max("checked_at"),
    )
    backups = Backup.every.filter(stored_objects__target=target)
    return tuple(states.values()), backups.aggregate(gone=Max("deleted_at"), seen=Max("checked_at"))
