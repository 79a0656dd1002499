"""Claims: one worker at a time by the database's clock, and no write of a worker that lost."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from access.models import Company
from monitoring.files import claims
from monitoring.files.claims import Claim, ClaimLost
from monitoring.files.courses import Failure
from monitoring.files.endings import fail_run, finish_file
from monitoring.files.journal import Journal
from monitoring.files.models import Stage, TrackedFile
from monitoring.files.progress import Meter
from monitoring.files.services import enter_stage, open_file, record_progress

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def file(company: Company) -> TrackedFile:
    return open_file(
        kind="backup", company=company, name="orders", original_path="", origin="database"
    )


@pytest.fixture
def held(file: TrackedFile) -> Claim:
    taken = claims.claim(file_id=file.pk)
    assert taken is not None
    return taken


@transaction.atomic
def finish(held: Claim) -> None:
    """As the domain does: in the transaction of its own row's outcome."""
    finish_file(claim=held)


def stages(file: TrackedFile) -> dict[str, str]:
    return dict(file.stages.values_list("key", "status"))


def progress(file: TrackedFile) -> float:
    file.refresh_from_db()
    return file.progress


def test_of_many_workers_one_gets_the_file(file: TrackedFile) -> None:
    barrier = threading.Barrier(6)
    taken: list[Claim | None] = []

    def take() -> None:
        barrier.wait()
        taken.append(claims.claim(file_id=file.pk))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in taken if one is not None]) == 1
    file.refresh_from_db()
    assert (file.status, file.attempt) == ("processing", 1)
    assert file.lease_until is not None


def take_over(file: TrackedFile) -> None:
    TrackedFile.objects.filter(pk=file.pk).update(attempt=2, owner="another")


def test_a_lost_claim_writes_nothing(file: TrackedFile, held: Claim) -> None:
    enter_stage(claim=held, journal=Journal(), key="dump", bytes_total=100)
    take_over(file)
    before = TrackedFile.objects.values().get(), list(Stage.objects.values())
    meter = Meter(claim=held, journal=Journal(), key="dump", bytes_total=100)
    attempts: list[Any] = [
        held.renew,
        transaction.atomic(held.hold),
        lambda: held.write(error="x"),
        lambda: enter_stage(claim=held, journal=Journal(), key="store"),
        lambda: record_progress(
            claim=held, journal=Journal(), key="dump", bytes_done=50, bytes_total=100
        ),
        lambda: finish(held),
        lambda: meter.add(50),
    ]
    for attempt in attempts:
        with pytest.raises(ClaimLost):
            attempt()
    assert (TrackedFile.objects.values().get(), list(Stage.objects.values())) == before


def test_an_ended_file_is_nobodys(file: TrackedFile, held: Claim) -> None:
    finish(held)
    with pytest.raises(ClaimLost):
        held.renew()
    assert claims.claim(file_id=file.pk) is None
    file.refresh_from_db()
    assert not fail_run(claim=held, failure=Failure("dump_failed", "too late"))
    file.refresh_from_db()
    assert (file.status, file.progress, file.error) == ("completed", 100, "")


def test_a_lease_expires_by_the_databases_clock(file: TrackedFile, held: Claim) -> None:
    assert not claims.expired().exists()
    TrackedFile.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claims.expired().get() == file
    held.renew()
    assert not claims.expired().exists()


def test_the_course_of_a_file(file: TrackedFile, held: Claim) -> None:
    assert list(stages(file).values()) == ["pending"] * 4
    enter_stage(claim=held, journal=Journal(), key="dump", bytes_total=1000)
    record_progress(claim=held, journal=Journal(), key="dump", bytes_done=500, bytes_total=1000)
    assert progress(file) == 35
    record_progress(claim=held, journal=Journal(), key="dump", bytes_done=400, bytes_total=1000)
    assert progress(file) == 35
    record_progress(claim=held, journal=Journal(), key="dump", bytes_done=5000, bytes_total=1000)
    assert progress(file) == pytest.approx(69.3)
    enter_stage(claim=held, journal=Journal(), key="store")
    assert stages(file) == {
        "dump": "completed",
        "store": "in_progress",
        "validate": "pending",
        "finalize": "pending",
    }
    assert progress(file) == 70
    finish(held)
    assert progress(file) == 100
    assert file.completed_at is not None


def test_a_failure_ends_the_stage_and_hides_secrets(file: TrackedFile, held: Claim) -> None:
    enter_stage(claim=held, journal=Journal(), key="dump")
    words = "postgres://u:hunter2@h/d is away"
    assert fail_run(claim=held, failure=Failure("dump_failed", words))
    file.refresh_from_db()
    assert "hunter2" not in file.error
    assert stages(file)["dump"] == "failed"
    assert (file.status, file.lease_until) == ("failed", None)
    assert "hunter2" not in file.log_lines.get().message
    assert not fail_run(claim=held, failure=Failure("dump_failed", "again"))


def test_a_source_without_a_size_shows_no_progress(file: TrackedFile, held: Claim) -> None:
    enter_stage(claim=held, journal=Journal(), key="dump")
    for total in (None, 0):
        record_progress(claim=held, journal=Journal(), key="dump", bytes_done=10, bytes_total=total)
    assert progress(file) == 0


def test_a_meter_writes_a_few_times_a_second(file: TrackedFile, held: Claim) -> None:
    enter_stage(claim=held, journal=Journal(), key="dump", bytes_total=1000)
    meter = Meter(claim=held, journal=Journal(), key="dump", bytes_total=1000)
    for _ in range(500):
        meter.add(1)
    first = file.stages.get(key="dump").bytes_done
    assert first < 500
    meter.write()
    assert file.stages.get(key="dump").bytes_done == 500


def test_a_path_is_kept_without_its_password_and_never_too_long(company: Company) -> None:
    file = open_file(
        kind="backup",
        company=company,
        name="x",
        original_path="a://u:hunter2@h/" + "d" * 900,
        origin="database",
    )
    assert "hunter2" not in file.original_path
    assert len(file.original_path) == 500
