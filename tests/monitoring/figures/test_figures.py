"""The counts say what the rows say, after whatever was done to them, folded or not."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.test import override_settings
from django.utils import timezone

from access.models import Company, User
from access.policy import System
from monitoring.figures.folding import fold_tallies
from monitoring.figures.models import Tally
from monitoring.figures.reading import Queue, read_positions, read_queues, read_stats
from monitoring.figures.scopes import Scope, scope_of
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from tests.cast import admin, agent, company, storage_target, stranger, superuser, viewer

__all__ = ["admin", "agent", "company", "storage_target", "stranger", "superuser", "viewer"]

pytestmark = pytest.mark.django_db
Status = TrackedFile.Status


def make(company: Company, count: int = 1, **values: Any) -> list[TrackedFile]:
    values = {"kind": "backup", "name": "orders", "original_path": "", **values}
    return TrackedFile.objects.bulk_create(
        TrackedFile(company=company, **values) for _ in range(count)
    )


def counted(scope: Scope) -> Queue:
    """The same by asking every row."""
    rows = TrackedFile.objects.all()
    if scope.companies is not None:
        rows = rows.filter(company_id__in=scope.companies)
    if scope.by is not None:
        rows = rows.filter(created_by_id=scope.by)
    if scope.kinds:
        rows = rows.filter(kind__in=scope.kinds)
    found = rows.aggregate(
        **{
            name: Count("pk", filter=Q(status=status))
            for name, status in (
                ("pending", "queued"),
                ("downloading", "processing"),
                ("completed", "completed"),
                ("failed", "failed"),
            )
        }
    )
    return Queue(**found)


def test_whatever_is_done_the_counts_agree(
    company: Company, stranger: User, agent: User, superuser: User, viewer: User
) -> None:
    elsewhere = Company.objects.get(name="Elsewhere")
    choose = random.Random(7)  # noqa: S311 - the same course each time
    scopes = [scope_of(one) for one in (viewer, stranger, agent, superuser)]
    scopes += [scope_of(superuser, kinds=("drill", "copy"))]
    for _ in range(60):
        rows = list(TrackedFile.objects.all())
        act = choose.choice(["make", "move", "move", "drop", "fold", "undo"])
        if act == "make" or not rows:
            make(
                choose.choice([company, elsewhere]),
                choose.randint(1, 4),
                kind=choose.choice(["backup", "drill", "copy"]),
                created_by=choose.choice([None, agent]),
            )
        elif act == "move":
            some = [row.pk for row in choose.sample(rows, min(3, len(rows)))]
            TrackedFile.objects.filter(pk__in=some).update(status=choose.choice(Status.values))
        elif act == "drop":
            choose.choice(rows).delete()
        elif act == "fold":
            fold_tallies()
        else:
            with transaction.atomic():
                make(company, 5)
                transaction.set_rollback(True)
        assert read_queues(scopes) == {scope: counted(scope) for scope in scopes}
    fold_tallies()
    assert not Tally.objects.filter(is_folded=False).exists()
    keys = Tally.objects.values("company", "of", "by", "kind", "status", "quarter")
    assert keys.distinct().count() == Tally.objects.count()


def test_the_times_of_the_installation_decide_what_is_today(company: Company) -> None:
    scope = Scope((company.pk,))
    now = timezone.localtime(timezone=timezone.get_fixed_timezone(14 * 60))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=midnight.weekday())
    first = midnight.replace(day=1)
    for moment in (midnight, midnight - timedelta(minutes=1), monday, first):
        make(company, created_at=moment)
        make(company, created_at=moment - timedelta(minutes=15))
    moments = list(TrackedFile.objects.values_list("created_at", flat=True))
    with override_settings(TIME_ZONE="Pacific/Kiritimati"):  # 14 hours before UTC
        found = read_stats([scope])[scope]
    assert found.today == sum(moment >= midnight for moment in moments)
    assert found.week == sum(moment >= monday for moment in moments)
    assert found.month == sum(moment >= first for moment in moments)
    assert 0 < found.today < 8


def test_mean_time_and_bytes(company: Company, viewer: User, storage_target: StorageTarget) -> None:
    scope = scope_of(viewer)
    began = timezone.now()
    for seconds in (10, 20):
        [file] = make(company, started_at=began)
        TrackedFile.objects.filter(pk=file.pk).update(
            status="completed", completed_at=began + timedelta(seconds=seconds)
        )
    make(company, status="failed", started_at=began, completed_at=began + timedelta(hours=9))
    one, _other = (
        StoredObject.objects.create(
            company=company, target=storage_target, key=key, size=size, sha256="ab" * 32
        )
        for key, size in (("a", 1000), ("b", 20))
    )
    found = read_stats([scope])[scope]
    assert (found.seconds, found.storage_used, found.queue.total) == (15.0, 1020, 3)
    StoredObject.objects.filter(pk=one.pk).update(state="deleted")
    fold_tallies()
    assert read_stats([scope])[scope].storage_used == 20
    assert StoredObject.objects.exclude(state="deleted").aggregate(s=Sum("size"))["s"] == 20


def test_the_place_in_the_queue(company: Company, viewer: User, admin: User, agent: User) -> None:
    now = timezone.now()
    for age, by in ((50, admin), (40, None), (30, viewer), (20, viewer), (10, admin)):
        make(company, created_by=by, created_at=now - timedelta(seconds=age))
    make(company, created_by=agent, status="processing")
    assert read_positions([viewer.pk, admin.pk, agent.pk]) == {viewer.pk: 3, admin.pk: 1}
    assert read_positions([viewer.pk], ("drill",)) == {}
    assert read_positions([]) == {}


def test_everyone_counts_what_they_see(
    company: Company, viewer: User, stranger: User, agent: User, superuser: User
) -> None:
    make(company, 2)
    make(company, 1, created_by=agent)
    make(Company.objects.get(name="Elsewhere"), 4)
    nobody = User.objects.create_user("nora")
    everyone = {viewer: 3, stranger: 4, agent: 1, superuser: 7, nobody: 0}
    for user, count in everyone.items():
        assert read_queues([scope_of(user)])[scope_of(user)].pending == count
        assert TrackedFile.objects.visible_to(user).count() == count
    assert scope_of(System("cli")) == Scope(None)


def test_three_questions_for_all_scopes(company: Company, django_assert_num_queries: Any) -> None:
    scopes = [Scope((company.pk,)), Scope(None), Scope(None, by=3)]
    with django_assert_num_queries(3):
        read_stats(scopes)


@pytest.mark.exhaustive
def test_a_million_files_are_not_read(company: Company) -> None:
    """The plans name the counts alone; of the queue, its own small index."""
    from monitoring.figures import reading

    asked: dict[str, Any] = {
        "all": True,
        "companies": [],
        "zone": "UTC",
        "users": [1],
        "kinds": [],
        "most": 10,
    }
    TrackedFile.objects.bulk_create(
        TrackedFile(company=company, kind="backup", name=str(number), status="completed")
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        # A plan goes by what is known of the table.
        cursor.execute("ANALYZE monitoring_trackedfile")
        for sql in (reading._STATES, reading._MADE, reading._STORED):
            cursor.execute("EXPLAIN " + sql, asked)
            assert "trackedfile" not in str(cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN " + reading._POSITIONS, asked)
        plan = str(cursor.fetchall())
        assert "file_queued" in plan
        assert "Seq Scan" not in plan
