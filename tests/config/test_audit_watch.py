"""An audit that lost what its head knows is told by an alert, once, and by doctor."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from access import audit, headfile, sealing
from access.chain import Head
from access.models import Company
from access.policy import System
from config.alert_rules import RULES
from config.audit_watch import alert_lost_audit
from config.doctor.agreement import check_audit
from config.doctor.results import Examination, Level
from config.places import Places
from monitoring.alerts.models import Alert
from tests.cast import company

__all__ = ["company"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def examination(settings: LazySettings, tmp_path: Path, company: Company) -> Examination:
    settings.PLACES = Places(tmp_path / "installation")
    settings.PLACES.data.mkdir(parents=True)
    audit.record(actor=System("test"), action="x", thing=company, company=company)
    sealing.seal_audit()
    return Examination(settings.PLACES, settings.ENVIRONMENT)


def test_nothing_is_said_of_a_whole_audit(examination: Examination) -> None:
    assert not alert_lost_audit()
    assert [result.level for result in check_audit(examination)] == [Level.OK]
    assert not Alert.objects.exists()


def test_a_lost_entry_is_told_once(examination: Examination, company: Company) -> None:
    headfile.write(Head(7, "ab" * 32))
    for _ in range(3):
        assert alert_lost_audit()
    told = Alert.objects.get()
    assert (told.rule, told.company) == ("audit.lost", None)
    assert "Entry 7" in told.text
    [result] = check_audit(examination)
    assert (result.level, "audit verify" in result.mend) == (Level.BAD, True)
    # Another loss is the same alert with other words; accepted, it is over.
    headfile.write(Head(8, "cd" * 32))
    alert_lost_audit()
    assert "Entry 8" in Alert.objects.open().get().text
    sealing.accept_head()
    assert not alert_lost_audit()
    assert not Alert.objects.open().exists()
    assert [result.level for result in check_audit(examination)] == [Level.OK]


def test_the_tick_asks() -> None:
    assert alert_lost_audit in RULES
