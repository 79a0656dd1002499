"""The tracks of ended work go after their days, in batches; what is needed stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from access.models import Company
from monitoring.files import ended
from monitoring.files.ended import forget_ended_files
from monitoring.files.models import LogLine, Stage, Step, TrackedFile
from tests.cast import company
from tests.files import make_file

__all__ = ["company"]

pytestmark = pytest.mark.django_db

OLD = timezone.now() - timedelta(days=91)
YOUNG = timezone.now() - timedelta(days=89)


def test_only_what_ended_long_ago(company: Company) -> None:
    gone = make_file(company, status="completed", created_at=OLD, completed_at=OLD)
    LogLine.objects.create(file=gone, message="x", source="x")
    Step.objects.create(stage=gone.stages.all()[0], message="x", status="completed")
    make_file(company, status="failed", created_at=OLD, completed_at=OLD)
    kept = [
        make_file(company, status="completed", created_at=OLD, completed_at=YOUNG),
        make_file(company, status="processing", created_at=OLD),
        make_file(company, status="queued", created_at=OLD),
        make_file(company, status="failed", created_at=OLD, completed_at=OLD, leftovers_of=1),
    ]
    assert forget_ended_files() == 2
    assert set(TrackedFile.objects.values_list("pk", flat=True)) == {file.pk for file in kept}
    assert Stage.objects.exclude(file__in=kept).count() == 0
    assert not LogLine.objects.exists()
    assert not Step.objects.exists()
    assert forget_ended_files() == 0


def test_a_long_log_goes_in_parts(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_file(company, status="completed", created_at=OLD, completed_at=OLD)
    LogLine.objects.bulk_create(LogLine(file=file, message="x", source="x") for _ in range(25))
    monkeypatch.setattr(ended, "ROWS_AT_ONCE", 10)
    counts = []
    while TrackedFile.objects.exists():
        forget_ended_files()
        counts.append(LogLine.objects.count())
    assert counts == [15, 5, 0]
