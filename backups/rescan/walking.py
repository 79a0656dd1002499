"""What lies at a storage, in batches of constant memory: which keys are worth reading."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from backups.manifest import SUFFIX
from backups.naming import is_of_holdfast_itself
from storage.backends import backend_for
from storage.backends.drafts import DRAFTS
from storage.keys import SHEETS
from storage.models import StorageTarget

BATCH = 200


def batches_of_keys(target: StorageTarget) -> Iterator[list[str]]:
    """Keys of manifests and artifacts, as they come. Raises StorageError."""
    others = folders_of_others(target)
    batch: list[str] = []
    for key in backend_for(target).keys():  # noqa: SIM118 - no mapping
        if key.startswith((f"{DRAFTS}/", *others)) or is_of_holdfast_itself(key):
            continue
        if key.rsplit("/", 1)[-1] in SHEETS:
            continue
        batch.append(key)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch


def folders_of_others(target: StorageTarget) -> tuple[str, ...]:
    """What keys of storages below this one begin with: what lies there is theirs."""
    place, root = _place(target)
    found = []
    for other in StorageTarget.objects.exclude(pk=target.pk).filter(kind=target.kind):
        other_place, folder = _place(other)
        if place == other_place and root in folder.parents:
            found.append(f"{folder.relative_to(root)}/")
    return tuple(found)


def artifact_of(key: str) -> str:
    """The key of the artifact that a manifest is of; an artifact's own as it is."""
    return key.removesuffix(SUFFIX)


def _place(target: StorageTarget) -> tuple[object, PurePosixPath]:
    """What holds it, and where in that it is."""
    options = target.options
    if target.kind == StorageTarget.Kind.LOCAL:
        return None, PurePosixPath(options.get("folder") or ".")
    where = (options.get("endpoint"), options.get("bucket"))
    return where, PurePosixPath("/", options.get("prefix") or "")
