"""Verbs on targets and stored objects. `put_stream` is the one way bytes get to a target."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, require
from storage.backends import Sink, backend_for
from storage.errors import NoSuchTarget, StorageError, TargetInUse
from storage.models import StorageTarget, StoredObject

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Written:
    """What lies at the target now: size in bytes and the hex sha256 of those bytes."""

    size: int
    sha256: str


def put_stream(*, target: StorageTarget, key: str, fill: Callable[[Sink], None]) -> Written:
    """Publish what `fill` writes into its sink under the key: whole, durable, or not at all.

    Constant memory; the hash is taken on the way. Raises StorageError; what `fill` raises
    passes through, and nothing is published then. Writes no row: see `register_object`.
    """
    counted: list[_Counting] = []

    def fill_and_count(inner: Sink) -> None:
        counted.append(_Counting(inner))
        fill(counted[-1])

    backend_for(target).put(key, fill_and_count)
    return counted[-1].written()


def replace_sheet(*, target: StorageTarget, key: str, text: str) -> None:
    """Write a sheet for people, over the one before. Raises BadKey for any other object."""
    backend_for(target).replace(key, lambda sink: _write_text(sink, text))


def _write_text(sink: Sink, text: str) -> None:
    sink.write(text.encode())


class _Counting:
    """A sink that knows the size and hash of what went through it."""

    def __init__(self, inner: Sink) -> None:
        self.inner = inner
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, data: bytes, /) -> int:
        self.inner.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def written(self) -> Written:
        return Written(self.size, self.digest.hexdigest())


def register_object(*, target: StorageTarget, key: str, written: Written) -> StoredObject:
    return StoredObject.objects.create(
        company_id=target.company_id,
        target=target,
        key=key,
        size=written.size,
        sha256=written.sha256,
    )


@contextmanager
def open_object(*, target: StorageTarget, key: str) -> Iterator[BinaryIO]:
    """The bytes under the key, to be read once through. Raises ObjectMissing, StorageError."""
    with backend_for(target).open(key) as file:
        yield file


def delete_bytes(*, target: StorageTarget, key: str) -> None:
    """Remove what lies under the key, if anything does."""
    backend_for(target).delete(key)


def mark_checked(*, stored: StoredObject, state: str) -> None:
    StoredObject.objects.filter(pk=stored.pk).update(state=state, checked_at=Now())


def test_target(*, target: StorageTarget, actor: Actor | None = None) -> None:
    """Write, read and delete a probe at the target; without an actor, for the installation.

    Raises NotAllowed, or StorageError saying what is wrong.
    """
    if actor is not None:
        require(actor, "storage.test_storagetarget", target.company)
    backend_for(target).test()


def sweep_targets() -> None:
    """Remove what dead writers left half-written. Called by the tick."""
    for target in StorageTarget.objects.all():
        try:
            swept = backend_for(target).sweep()
        except StorageError as error:
            log.warning("sweep_failed", target=str(target.pk), error=str(error))
            continue
        if swept:
            log.info("swept", target=str(target.pk), drafts=swept)


@transaction.atomic
def create_local_target(
    *, company: Company, name: str, folder: Path, actor: Actor, is_default: bool = False
) -> StorageTarget:
    """A folder of this machine as a target; the folder is made when the first bytes come.

    The default one takes the place of the default before. Raises NotAllowed, ValidationError.
    """
    require(actor, "storage.add_storagetarget", company)
    if is_default:
        _take_default_from(company)
    target = StorageTarget(
        company=company,
        name=name,
        kind=StorageTarget.Kind.LOCAL,
        options={"folder": str(folder.resolve())},
        is_default=is_default,
    )
    target.full_clean()
    target.save()
    audit.record(
        actor=actor,
        action="storage.created",
        thing=target,
        company=company,
        changes={"name": name, "kind": target.kind, "is_default": is_default},
    )
    return target


@transaction.atomic
def update_target(
    *,
    target: StorageTarget,
    actor: Actor,
    name: str | None = None,
    is_default: bool | None = None,
) -> StorageTarget:
    """Change its name, or which one is the default. Where it is never changes: what lies there
    would be lost from sight. Raises NotAllowed, NoSuchTarget, ValidationError."""
    require(actor, "storage.change_storagetarget", target.company)
    locked = _locked(target)
    wanted = {"name": name, "is_default": is_default}
    after = {k: v for k, v in wanted.items() if v is not None and v != getattr(locked, k)}
    before = {key: getattr(locked, key) for key in after}
    if after.get("is_default"):
        _take_default_from(locked.company)
    for key, value in after.items():
        setattr(locked, key, value)
    locked.full_clean()
    if after:
        locked.save(update_fields=list(after))
        audit.record(
            actor=actor,
            action="storage.changed",
            thing=locked,
            company=locked.company,
            changes={"before": before, "after": after},
        )
    return locked


@transaction.atomic
def delete_target(*, target: StorageTarget, actor: Actor) -> None:
    """Remove a target at which nothing lies, and which nothing is to use. Its row stays.

    Raises NotAllowed, NoSuchTarget, TargetInUse.
    """
    require(actor, "storage.delete_storagetarget", target.company)
    locked = _locked(target)
    there = StoredObject.objects.filter(target=locked).exclude(state=StoredObject.State.DELETED)
    if there.exists():
        raise TargetInUse(_("Backups lie at this storage. Delete them first."))
    if any(uses(locked) for uses in _users):
        raise TargetInUse(_("A schedule or a running backup uses this storage."))
    StorageTarget.objects.filter(pk=locked.pk).update(deleted_at=Now(), is_default=False)
    audit.record(actor=actor, action="storage.deleted", thing=locked, company=locked.company)


_users: list[Callable[[StorageTarget], bool]] = []


def register_user(uses: Callable[[StorageTarget], bool]) -> None:
    """Apps above say whether they are to put anything at a target. Called when they are ready."""
    _users.append(uses)


def _locked(target: StorageTarget) -> StorageTarget:
    found: StorageTarget | None = (
        StorageTarget.objects.select_for_update().filter(pk=target.pk).first()
    )
    if found is None:
        raise NoSuchTarget(_("There is no such storage."))
    return found


def _take_default_from(company: Company) -> None:
    StorageTarget.objects.filter(company=company, is_default=True).update(is_default=False)
