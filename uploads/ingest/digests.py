"""Running digests of parts that wait for their next request, in this process.

A digest's state cannot be written down: after a restart, or in another process, what is there
is read again.
"""

import hashlib
import threading
import uuid
from collections import OrderedDict
from typing import Any

MOST_KEPT = 1000

_kept: "OrderedDict[uuid.UUID, tuple[int, Any]]" = OrderedDict()
_lock = threading.Lock()


def keep_digest(part_id: uuid.UUID, position: int, digest: Any) -> None:
    with _lock:
        _kept[part_id] = (position, digest)
        _kept.move_to_end(part_id)
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)


def kept_digest(part_id: uuid.UUID, position: int) -> Any:
    """The digest of the first `position` bytes, or None. Whoever takes it has it alone."""
    with _lock:
        found = _kept.pop(part_id, None)
    if position == 0:
        return hashlib.sha256()
    return found[1] if found is not None and found[0] == position else None
