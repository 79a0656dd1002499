"""Verbs on targets and stored objects. `put_stream` is the one way bytes get to a target."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor, require
from storage.backends import Sink, backend_for
from storage.errors import NoSuchTarget, StorageError, TargetInUse
from storage.models import StorageTarget, StoredObject
from storage.s3_options import FIXED, SENT_TO, checked_options

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


def create_local_target(
    *, company: Company, name: str, folder: Path, actor: Actor, is_default: bool = False
) -> StorageTarget:
    """A folder of this machine as a target; the folder is made when the first bytes come.

    The default one takes the place of the default before. Raises NotAllowed, ValidationError.
    """
    target = StorageTarget(company=company, name=name, is_default=is_default)
    target.options = {"folder": str(folder.resolve())}
    return _create(target, actor)


def create_s3_target(
    *,
    company: Company,
    name: str,
    options: Mapping[str, Any],
    secret: str,
    actor: Actor,
    is_default: bool = False,
) -> StorageTarget:
    """A bucket as a target; `options` as in `storage.s3_options`. Nothing is connected to.

    Raises NotAllowed, ValidationError.
    """
    require(actor, "storage.add_storagetarget", company)
    target = StorageTarget(
        company=company, name=name, kind=StorageTarget.Kind.S3, is_default=is_default
    )
    target.options = checked_options(options)
    target.secret = _checked_secret(secret)
    return _create(target, actor)


@transaction.atomic
def _create(target: StorageTarget, actor: Actor) -> StorageTarget:
    company = target.company
    require(actor, "storage.add_storagetarget", company)
    if target.is_default:
        _take_default_from(company)
    target.full_clean()
    target.save()
    audit.record(
        actor=actor,
        action="storage.created",
        thing=target,
        company=company,
        changes={"name": target.name, "kind": target.kind, "is_default": target.is_default},
    )
    return target


@transaction.atomic
def update_target(
    *,
    target: StorageTarget,
    actor: Actor,
    name: str | None = None,
    is_default: bool | None = None,
    options: Mapping[str, Any] | None = None,
    secret: str | None = None,
) -> StorageTarget:
    """Change its name, which one is the default, or how a bucket is spoken to. Where it is never
    changes: what lies there would be lost from sight. A secret of None or "" stays as it is, for
    the same endpoint and key only.

    Raises NotAllowed, NoSuchTarget, ValidationError."""
    require(actor, "storage.change_storagetarget", target.company)
    locked = _locked(target)
    wanted: dict[str, Any] = {"name": name, "is_default": is_default}
    if options:
        wanted["options"] = _changed_options(locked, options, is_with_secret=bool(secret))
    after = {k: v for k, v in wanted.items() if v is not None and v != getattr(locked, k)}
    before = {key: getattr(locked, key) for key in after}
    if after.get("is_default"):
        _take_default_from(locked.company)
    for key, value in after.items():
        setattr(locked, key, value)
    written = list(after)
    if secret:
        _refuse_for_folder(locked)
        locked.secret = _checked_secret(secret)
        written.append("secret_sealed")
    locked.full_clean()
    if written:
        locked.save(update_fields=written)
        audit.record(
            actor=actor,
            action="storage.changed",
            thing=locked,
            company=locked.company,
            changes={"before": before, "after": after, "new_secret": bool(secret)},
        )
    return locked


def _changed_options(
    target: StorageTarget, given: Mapping[str, Any], *, is_with_secret: bool
) -> dict[str, Any]:
    _refuse_for_folder(target)
    found = checked_options({**target.options, **given})
    moved = {name for name, value in found.items() if value != target.options.get(name)}
    if fixed := sorted(moved & FIXED):
        raise ValidationError({fixed[0]: _("Where a storage is never changes. Add another one.")})
    if moved & SENT_TO and not is_with_secret:
        # Else who may change an endpoint could have it used at a machine of their own.
        raise ValidationError(
            {"secret_key": _("Enter the secret again: it was given for another endpoint or key.")}
        )
    return found


def _refuse_for_folder(target: StorageTarget) -> None:
    if target.kind != StorageTarget.Kind.S3:
        raise ValidationError({"options": _("A folder has nothing else that could be changed.")})


def _checked_secret(secret: str) -> str:
    if not secret or len(secret) > 1000 or not (secret.isascii() and secret.isprintable()):
        raise ValidationError({"secret_key": _("Give the secret of the access key.")})
    return secret


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
