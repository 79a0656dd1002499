"""The verb: rebuild the registry of one storage from its manifests.

A batch is judged and written in one transaction, so a run that is killed has done its whole
batches, and the next run finds the rest. Memory and queries are those of a batch.
"""

import time
import uuid
from collections.abc import Callable, Iterator

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from access.policy import Actor, require
from backups.checks.requesting import request_check
from backups.consistency import keys_at_work
from backups.errors import AlreadyRunning, NotReady
from backups.manifest import SUFFIX
from backups.models import Backup, LevelResult
from backups.rescan.adopting import adopt, adopt_singly
from backups.rescan.findings import Finding, Outcome, Report
from backups.rescan.judging import Judged, Known, judge, read_batch
from backups.rescan.manifests import Told
from backups.rescan.walking import BATCH, batches_of_keys
from faults import reach
from storage.backends import Backend, backend_for
from storage.errors import BadKey, ObjectMissing
from storage.models import StorageTarget, StoredObject

PERMISSION = "backups.rescan_storage"
LOCK = 0x72657363  # one batch at a time in an installation


def rescan(
    *,
    target: StorageTarget,
    actor: Actor,
    dry_run: bool = True,
    resurrect: bool = False,
    check: bool = False,
    seconds: float | None = None,
    on_finding: Callable[[Finding], None] = lambda _finding: None,
) -> Report:
    """Compare what lies at the target with the rows, and adopt what is not known.

    `resurrect` takes back what was deleted here and lies there nevertheless; `check` queues a
    check of each one that is new. After `seconds` it ends, not `complete`: what it did stays.
    Raises NotAllowed, StorageError.
    """
    require(actor, PERMISSION, target.company)
    report = Report(dry_run=dry_run)
    deadline = time.monotonic() + seconds if seconds is not None else None

    def is_late() -> bool:
        return deadline is not None and time.monotonic() > deadline

    def tell(finding: Finding) -> None:
        report.add(finding)
        on_finding(finding)

    # What cannot be listed at all is an error; a storage that was never used is an empty one.
    for keys in _listed(target):
        if is_late():
            report.complete = False
            return report
        manifests = [key.removesuffix(SUFFIX) for key in keys if key.endswith(SUFFIX)]
        for finding in _lonely_bytes(target, [key for key in keys if not key.endswith(SUFFIX)]):
            tell(finding)
        found = _batch(target, manifests, actor, report, resurrect=resurrect, tell=tell)
        if check and not dry_run:
            report.checks += sum(_ask_check(one, actor) for one in found)
    for finding in _lost_bytes(target):
        if is_late():
            report.complete = False
            break
        tell(finding)
    return report


def _listed(target: StorageTarget) -> Iterator[list[str]]:
    backend_for(target).free_bytes()  # raises where the place itself cannot be reached
    yield from batches_of_keys(target)


def _batch(
    target: StorageTarget,
    keys: list[str],
    actor: Actor,
    report: Report,
    *,
    resurrect: bool,
    tell: Callable[[Finding], None],
) -> list[uuid.UUID]:
    written: list[uuid.UUID] = []
    for told, refused in read_batch(target, keys):
        reach("rescan.read")
        try:
            judged, ids = _judge_and_write(target, told, actor, report, resurrect, adopt)
        except DatabaseError:
            # One manifest of them holds what no column takes: each by itself, then.
            judged, ids = _judge_and_write(target, told, actor, report, resurrect, adopt_singly)
        reach("rescan.committed")
        written += ids
        for finding in (*refused, *judged.findings):
            tell(finding)
    return written


@transaction.atomic
def _judge_and_write(
    target: StorageTarget,
    told: list[Told],
    actor: Actor,
    report: Report,
    resurrect: bool,
    write: Callable[..., list[uuid.UUID]],
) -> tuple[Judged, list[uuid.UUID]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    judged = Judged()
    judge(Known.of(target, told), told, judged, resurrect=resurrect)
    ids: list[uuid.UUID] = []
    if not report.dry_run:
        ids = write(target=target, judged=judged, actor=actor, report=report)
    reach("rescan.before-commit")
    return judged, ids


def _lonely_bytes(target: StorageTarget, keys: list[str]) -> Iterator[Finding]:
    """Files that are no manifest and have none: dumps from elsewhere, or what a crash left."""
    known = set(
        StoredObject.objects.filter(target=target, key__in=keys).values_list("key", flat=True)
    )
    at_work = keys_at_work()
    for key in keys:
        if key in known or (at_work and key.startswith(at_work)):
            continue
        try:
            backend_for(target).size(key + SUFFIX)
        except ObjectMissing:
            said = _("No manifest is beside it. Is it a dump, import it: --import")
            yield Finding(Outcome.FOREIGN, key, "no_manifest", said)
        except BadKey as error:
            yield Finding(Outcome.SKIPPED, key, BadKey.code, str(error))


def _lost_bytes(target: StorageTarget) -> Iterator[Finding]:
    """Rows that say something lies there, where it does not."""
    rows = StoredObject.objects.filter(target=target, state=StoredObject.State.STORED)
    backend = backend_for(target)
    last: uuid.UUID | None = None
    while True:
        batch = list((rows.filter(pk__gt=last) if last else rows).order_by("pk")[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        for stored in batch:
            yield from _compare_with_place(backend, stored)


def _compare_with_place(backend: Backend, stored: StoredObject) -> Iterator[Finding]:
    def conflict(reason: str, said: str) -> Finding:
        return Finding(Outcome.CONFLICT, stored.key, reason, said)

    try:
        size = backend.size(stored.key)
    except ObjectMissing:
        yield conflict("bytes_missing", _("Its bytes are not there any more."))
        return
    if size != stored.size:
        sizes = {"found": size, "expected": stored.size}
        yield conflict(
            "size_differs", _("%(found)d bytes lie where %(expected)d were written.") % sizes
        )
    try:
        backend.size(stored.key + SUFFIX)
    except ObjectMissing:
        yield conflict("manifest_missing", _("Its manifest is not there any more."))


def _ask_check(backup_id: uuid.UUID, actor: Actor) -> bool:
    backup = Backup.objects.select_related("company").get(pk=backup_id)
    try:
        request_check(backup=backup, actor=actor, level=LevelResult.Level.CHECKSUM)
    except (AlreadyRunning, NotReady):
        return False
    return True
