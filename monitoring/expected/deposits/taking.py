"""Bringing deposits in: what is whole is published at its final path, then known, then removed.

Safe to be killed in: what was published is found again by its key, and is the same; the entry
is one for its due time; the report stays until all of it is done.
"""

import hashlib
import os
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from faults import reach
from monitoring.expected.arrivals import Arrival, record_entry
from monitoring.expected.deposits.folders import DONE, LONGEST_REPORT, REFUSED, Agent, agents_in
from monitoring.expected.deposits.schema import NoJob, Report, job_of, read_deposit, read_json
from monitoring.expected.errors import BadField, ExpectedError
from monitoring.expected.final_paths import final_key
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.states import Source, Status
from storage.backends import Sink
from storage.errors import ObjectExists, StorageError
from storage.models import StorageTarget, StoredObject
from storage.services import Written, open_object, put_stream, register_object

log = structlog.get_logger(__name__)

BLOCK_BYTES = 1 << 20
# What is written is left alone for so long; what does not grow any more is waited for no longer.
QUIET, PATIENCE = timedelta(minutes=1), timedelta(minutes=10)


class _Waits(Exception):
    """It is not all there yet: the next round looks again."""


class _Wrong(Exception):
    """The bytes are not those that were declared; `status` says how."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def take_deposits(root: Path | None = None) -> int:
    """Bring in what is whole; how many reports were dealt with."""
    folder = root or settings.DEPOSITS_DIR
    if folder is None:
        return 0
    taken = 0
    with agents_in(Path(folder)) as agents:
        for agent in agents:
            for name in agent.reports():
                taken += _take_safely(agent, name)
    return taken


def _take_safely(agent: Agent, name: str) -> int:
    """One that cannot be taken holds no other up."""
    try:
        _take(agent, name)
    except _Waits:
        return 0
    except (OSError, StorageError) as error:
        log.warning("deposit_waits", agent=agent.name, report=name[:100], error=str(error))
        return 0
    return 1


def _take(agent: Agent, name: str) -> None:
    try:
        with agent.open_report(name) as file:
            written_at = os.fstat(file.fileno()).st_mtime
            raw = file.read(LONGEST_REPORT + 1)
    except FileNotFoundError:
        raise _Waits from None
    try:
        said = read_json(raw if len(raw) <= LONGEST_REPORT else b"")
        job = job_of(said, agent=agent.name)
    except (BadField, NoJob) as error:
        if _age(written_at) < QUIET:
            raise _Waits from error
        log.warning("deposit_refused", agent=agent.name, report=name[:100], reason=str(error))
        agent.put_away(name, REFUSED)
        return
    try:
        report = read_deposit(said, job=job)
    except BadField as error:
        words = _("The report is invalid: %(option)s: %(said)s")
        message = words % {"option": error.option, "said": error}
        _record(job, Arrival(Status.FAILED, Source.DEPOSIT, message=message))
        agent.put_away(name, REFUSED)
        return
    where = _take_report(agent, report, written_at)
    reach("deposit.recorded")
    agent.put_away(name, where)


def _take_report(agent: Agent, report: Report, written_at: float) -> str:
    """Where the report goes."""
    if report.arrival.status != Status.SUCCESS or report.file is None:
        _record(report.job, report.arrival)
        return DONE
    try:
        with agent.open_file(report.file) as file:
            was = os.fstat(file.fileno())
            _wait_while_it_grows(was, report.arrival.size)
            target, key = _place(report)
            written = _publish(target, key, file, was, report.arrival)
    except FileNotFoundError:
        if _is_in_already(report):
            return DONE
        if _age(written_at) < PATIENCE:
            raise _Waits from None
        wrong = _Wrong(Status.TRANSFER_INTEGRITY_FAILED, _("The file of the report never came."))
        return _record_wrong(report, wrong)
    except _Wrong as wrong:
        return _record_wrong(report, wrong)
    reach("deposit.published")
    _register(report, target, key, written)
    agent.remove_file(report.file, was)
    return DONE


def _record_wrong(report: Report, wrong: _Wrong) -> str:
    _record(report.job, replace(report.arrival, status=wrong.status, message=str(wrong)))
    return REFUSED


def _wait_while_it_grows(was: os.stat_result, declared: int | None) -> None:
    """Raises _Waits, or _Wrong when it has stopped growing at another size."""
    age = _age(was.st_mtime)
    if declared is None:
        if age < QUIET:
            raise _Waits
        return
    if was.st_size == declared:
        return
    if age < (PATIENCE if was.st_size < declared else QUIET):
        raise _Waits
    words = _("%(size)d bytes came; %(declared)d were declared.")
    said = words % {"size": was.st_size, "declared": declared}
    raise _Wrong(Status.TRANSFER_INTEGRITY_FAILED, said)


def _publish(
    target: StorageTarget, key: str, file: BinaryIO, was: os.stat_result, said: Arrival
) -> Written:
    """Under its final name whole and as declared, or not at all."""

    def fill(sink: Sink) -> None:
        digest = hashlib.sha256()
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
            sink.write(block)
        now = os.fstat(file.fileno())
        if (now.st_size, now.st_mtime_ns) != (was.st_size, was.st_mtime_ns):
            raise _Waits
        _check_hash(digest.hexdigest(), said)

    try:
        return put_stream(target=target, key=key, fill=fill)
    except ObjectExists:
        # Perhaps by us, before we died.
        file.seek(0)
        found, own = _read_stored(target, key), _hash_of(file)
        if found.sha256 != own:
            words = _("Something else lies at %(key)s already: put {timestamp} into its template.")
            raise _Wrong(Status.FAILED, words % {"key": key}) from None
        _check_hash(own, said)
        return found


def _check_hash(found: str, said: Arrival) -> None:
    if said.hash is None:
        return
    if len(said.hash) != 64:
        raise _Wrong(Status.FAILED, _("The hash of a deposit is a sha256."))
    if said.hash != found:
        raise _Wrong(Status.HASH_MISMATCH, _("The content differs from the hash declared."))


def _register(report: Report, target: StorageTarget, key: str, written: Written) -> None:
    with transaction.atomic():
        stored = StoredObject.objects.filter(target=target, key=key).first()
        if stored is None:
            stored = register_object(target=target, key=key, written=written)
        arrival = replace(
            report.arrival,
            hash=written.sha256,
            size=written.size,
            file=_named(target, key),
            stored=stored.pk,
        )
        record_entry(job_id=report.job.pk, arrival=arrival)
        reach("deposit.before-commit")


def _record(job: ExpectedBackupJob, arrival: Arrival) -> None:
    try:
        record_entry(job_id=job.pk, arrival=arrival)
    except ExpectedError as error:
        message = f"{arrival.message} {error}".strip()
        failed = Arrival(Status.FAILED, arrival.source, message=message)
        record_entry(job_id=job.pk, arrival=failed)


def _is_in_already(report: Report) -> bool:
    """Whether we died behind the removal of the file."""
    rows = BackupEntry.objects.filter(job=report.job, source=Source.DEPOSIT, file__isnull=False)
    return rows.filter(backup_timestamp_utc=report.arrival.at).exists()


def _place(report: Report) -> tuple[StorageTarget, str]:
    """The default storage of the company, and the final path there. Raises StorageError."""
    job, at = report.job, report.arrival.at
    assert at is not None
    target = StorageTarget.objects.filter(company=job.company, is_default=True).first()
    if target is None:
        raise StorageError("The company has no default storage.")
    name = report.file or ""
    return target, final_key(job, at=at, name=name, status=report.arrival.status)


def _named(target: StorageTarget, key: str) -> str:
    return f"{target.name}: {key}"


def _read_stored(target: StorageTarget, key: str) -> Written:
    with open_object(target=target, key=key) as file:
        digest = _hash_of(file)
        return Written(file.tell(), digest)


def _hash_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(BLOCK_BYTES):
        digest.update(block)
    return digest.hexdigest()


def _age(written_at: float) -> timedelta:
    """By the clock of the machine whose files they are: here it decides only how long to wait."""
    return timedelta(seconds=max(0.0, time.time() - written_at))
