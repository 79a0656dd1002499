"""`promote`: a file of this machine to its final place at a target. Nothing else moves bytes there.

Copied, or linked where it lies on the same disk; published without replacing anything; read back
before it counts. Safe to repeat: what lies there already is read, and passes when it is the same.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

from faults import reach
from storage.backends import Sink, backend_for
from storage.errors import ObjectExists, StorageError
from storage.models import StorageTarget
from storage.services import Written, delete_bytes, open_object, put_stream

BLOCK_BYTES = 1 << 20


def promote(
    *,
    target: StorageTarget,
    key: str,
    source: Path,
    expected: Written,
    on_bytes: Callable[[int], None] = lambda _count: None,
) -> Written:
    """Publish `source` under the key, and read back what lies there: `expected`, or StorageError.

    Raises ObjectExists where something else lies there: that stays as it is. `on_bytes` hears of
    each block that was copied or read. Who holds the source may remove it when this has returned.
    Writes no row: see `register_object`.
    """
    made = False
    try:
        if not backend_for(target).adopt(key, source):
            put_stream(target=target, key=key, fill=lambda sink: _copy(source, sink, on_bytes))
        made = True
    except ObjectExists:
        # Perhaps by us, before we died.
        pass
    reach("promote.published")
    found = _read(target, key, on_bytes)
    if found != expected:
        if not made:
            raise ObjectExists("Something else lies under this key already.")
        delete_bytes(target=target, key=key)
        raise StorageError("What lies at the storage is not what was to be put there.")
    return found


def _copy(source: Path, sink: Sink, on_bytes: Callable[[int], None]) -> None:
    with source.open("rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            sink.write(block)
            on_bytes(len(block))


def _read(target: StorageTarget, key: str, on_bytes: Callable[[int], None]) -> Written:
    size, digest = 0, hashlib.sha256()
    with open_object(target=target, key=key) as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            on_bytes(len(block))
    return Written(size, digest.hexdigest())
