"""Deposits killed at each point, while taken and while read: one file, one entry, one answer."""

import hashlib
import signal
from pathlib import Path

import pytest
from django.db.models.functions import Now

from access.models import Company
from monitoring.expected.contents.answering import run_round
from monitoring.expected.deposits.taking import take_deposits
from monitoring.expected.models import BackupEntry, ContentCheck
from storage.models import StoredObject
from tests.backups.rescan.test_importing import dumped_table
from tests.cast import company
from tests.faults.points import IN_A_DEPOSIT, IN_A_READING, one_always
from tests.faults.worker import Process
from tests.monitoring.expected.conftest import expect
from tests.monitoring.expected.test_deposits import BYTES, deposit, root, vault

__all__ = ["company", "root", "vault"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("faults")]
POINTS = [*IN_A_DEPOSIT, "storage.draft-settled", "storage.published"]
ROUND = """
import sys, django
from pathlib import Path
django.setup()
from monitoring.expected.deposits.taking import take_deposits
take_deposits(Path(sys.argv[1]))
"""


READING = """
import django
django.setup()
from monitoring.expected.contents.answering import run_round
run_round()
"""


@pytest.mark.parametrize("point", one_always(POINTS, "deposit.published"))
def test_killed_at_a_point(point: str, root: Path, vault: Path, company: Company) -> None:
    deposit(root, expect(company))
    process = Process(ROUND, str(root), fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    take_deposits(root)
    entry, stored = BackupEntry.objects.get(), StoredObject.objects.get()
    assert (entry.status, entry.history) == ("SUCCESS", [])
    assert (vault / stored.key).read_bytes() == BYTES
    left = [path.name for path in root.rglob("*") if path.is_file()]
    assert left == ["one.json"]


@pytest.mark.parametrize("point", one_always(IN_A_READING, "content.before-commit"))
def test_killed_while_it_is_read(point: str, root: Path, vault: Path, company: Company) -> None:
    cut = dumped_table()[:-200]
    digest = hashlib.sha256(cut).hexdigest()
    deposit(root, expect(company), cut, backup_hash=digest, backup_size_bytes=len(cut))
    take_deposits(root)
    process = Process(READING, fault=point)
    assert process.wait() == -signal.SIGKILL, process.said
    assert BackupEntry.objects.get().status == "SUCCESS"
    # Asked again when its time has come.
    assert run_round() == 0
    ContentCheck.objects.update(due_at=Now())
    assert run_round() == 1
    entry = BackupEntry.objects.get()
    assert (entry.status, entry.content_passed, len(entry.history)) == ("FAILED", False, 1)
    assert not ContentCheck.objects.exists()
