"""A round of deposits killed at each of its points: one file at its place, one entry, no more."""

import signal
from pathlib import Path

import pytest

from access.models import Company
from monitoring.expected.deposits.taking import take_deposits
from monitoring.expected.models import BackupEntry
from storage.models import StoredObject
from tests.cast import company
from tests.faults.points import IN_A_DEPOSIT, one_always
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
