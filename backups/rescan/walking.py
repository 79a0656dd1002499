"""What lies at a storage, in batches of constant memory: which keys are worth reading."""

from collections.abc import Iterator
from pathlib import Path

from backups.manifest import SUFFIX
from backups.naming import is_of_holdfast_itself
from storage.backends import backend_for
from storage.backends.local import DRAFTS
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
    """Folders below this one that are storages of their own: what lies there is theirs."""
    root = _folder(target)
    others = StorageTarget.objects.exclude(pk=target.pk).filter(kind=StorageTarget.Kind.LOCAL)
    found = []
    for other in others:
        folder = _folder(other)
        if root is not None and folder is not None and root in folder.parents:
            found.append(f"{folder.relative_to(root)}/")
    return tuple(found)


def artifact_of(key: str) -> str:
    """The key of the artifact that a manifest is of; an artifact's own as it is."""
    return key.removesuffix(SUFFIX)


def _folder(target: StorageTarget) -> Path | None:
    folder = target.options.get("folder")
    return Path(folder) if target.kind == StorageTarget.Kind.LOCAL and folder else None
