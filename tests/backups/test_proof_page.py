"""The proof on the page of one backup: the last drill, its differences, the fingerprint."""

import time
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from access.models import User
from backups.models import Backup, Check, Database
from tests.cast import Login, make_backup
from tests.config.waiting import busyness
from tests.proofs import (
    difference,
    fingerprint,
    make_drill,
    marks_of,
    own_keys,
    page,
    with_proof,
    words,
)  # fmt: skip

__all__ = ["own_keys"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def backup(database: Database) -> Backup:
    return with_proof(make_backup(database), fingerprint())


class TestProof:
    def test_a_proven_one(self, backup: Backup, login: Login, viewer: User) -> None:
        make_drill(backup, outcome="proven", restore_seconds=126)
        html = page(login(viewer), backup)
        said = words(html)
        assert "Every table is as it was at the source." in said
        assert "Restored in 2 min 6 s" in said
        assert "2 of 2 PostgreSQL" not in said
        assert "Tables equal 2 of 2" in said
        assert "PostgreSQL 15.20 system 7431000000000000088" in said
        assert "shop.orders" in said
        assert "1,204 rows" in said
        assert 'title="987654321987654321987">9876543219…' in html
        assert "text of each row" in said
        assert "Besides: 1 sequence, 2 views, 3 large objects, 2 lists of grants." in said
        assert "Extensions: postgis 3.4." in said
        assert "Differs" not in said

    def test_differences_are_named_and_marked(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        found = [
            difference("table", "shop.orders", "3 rows instead of 1204"),
            difference("sequence", "shop.<i>seq</i>", "missing"),
            difference("table", "shop.orders", "defined otherwise"),
        ]
        make_drill(backup, outcome="corrupt", differences=found)
        html = page(login(viewer), backup)
        assert "shop.&lt;i&gt;seq" in html
        assert "<i>seq" not in html
        assert "Every table is as it was" not in html
        assert "Tables equal 1 of 2" in words(html)
        tables = html[html.index('class="tables"') :].split("</table>")[0]
        first, second = tables.split("<tr>")[2:4]
        assert "Differs" in first
        assert "3 rows instead of 1204" in first
        assert "Differs" not in second

    def test_at_most_a_hundred_and_how_many_more(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        found = [difference("index", f"shop.i{n}", "missing") for n in range(130)]
        drill = make_drill(backup, outcome="corrupt", differences=found)
        html = page(login(viewer), backup)
        assert "shop.i99<" in html
        assert "shop.i100<" not in html
        assert "30 more differences are not shown" in html
        found = [difference("index", f"shop.i{n}", "missing") for n in range(500)]
        Check.objects.filter(pk=drill.pk).update(differences=found)
        html = page(login(viewer), backup)
        assert "At least 400 more differences" in html
        assert "Tables equal" not in html

    def test_a_partial_one_names_what_was_missing(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        names = ["extension postgis", *(f"collation {n}" for n in range(30))]
        make_drill(backup, outcome="partial", missing=names)
        html = page(login(viewer), backup)
        assert "extension postgis" in html
        assert "and 11 more" in html
        assert "Every table is as it was" not in html

    def test_one_that_does_not_restore(self, backup: Backup, login: Login, viewer: User) -> None:
        make_drill(backup, outcome="corrupt", detail="It does not restore: bad block")
        html = page(login(viewer), backup)
        assert "bad block" in html
        assert "Tables equal" not in html

    def test_one_that_was_not_drilled(self, backup: Backup, login: Login, viewer: User) -> None:
        assert "Not drilled yet." in page(login(viewer), backup)

    def test_one_that_fails_leaves_the_older_proof(
        self, backup: Backup, login: Login, viewer: User
    ) -> None:
        make_drill(backup, age=timedelta(days=1), outcome="proven")
        make_drill(backup, age=timedelta(minutes=1), status="failed", error="killed")
        assert "Every table is as it was" in page(login(viewer), backup)

    def test_without_fingerprints_it_is_said(
        self, database: Database, login: Login, viewer: User
    ) -> None:
        html = page(login(viewer), make_backup(database))
        assert "made without fingerprints" in html
        assert 'class="tables"' not in html

    def test_with_counts_only_it_is_said(
        self, database: Database, login: Login, viewer: User
    ) -> None:
        backup = with_proof(make_backup(database), fingerprint(by="count"))
        said = words(page(login(viewer), backup))
        assert "Made with numbers of rows only" in said
        assert "number of rows only" in said

    def test_hostile_names_are_text(self, database: Database, login: Login, viewer: User) -> None:
        name = 'a."><script>alert(1)</script>'
        marks = fingerprint(tables={name: {"rows": 1, "sum": '"><b>', "by": "hash"}})
        backup = with_proof(make_backup(database), marks)
        make_drill(backup, outcome="corrupt", differences=[difference("table", name, "<u>x")])
        html = page(login(viewer), backup)
        assert "<script>alert" not in html
        assert "<u>x" not in html
        assert '"><b>' not in html

    def test_few_tables_are_open_and_many_folded(
        self, database: Database, login: Login, viewer: User
    ) -> None:
        for count, folds in ((12, False), (13, True)):
            backup = with_proof(make_backup(database), fingerprint(count=count))
            html = page(login(viewer), backup)
            assert ('<details class="fold" id="fingerprint">' in html) is folds


def test_three_thousand_tables_stay_quick(
    database: Database, login: Login, operator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    small = with_proof(make_backup(database), fingerprint())
    large = with_proof(make_backup(database), fingerprint(count=3_000))
    last = max(marks_of(large)["tables"])
    make_drill(small, outcome="proven")
    make_drill(large, outcome="corrupt", differences=[difference("table", last, "missing")])
    client = login(operator)
    page(client, small)
    with django_assert_max_num_queries(40) as before:
        page(client, small)
    for _ in range(40):
        make_drill(large, age=timedelta(days=1), outcome="proven")
    began = time.monotonic()
    with django_assert_max_num_queries(len(before)):
        html = page(client, large)
    assert time.monotonic() - began < 2 * busyness()
    tables = html[html.index('class="tables"') :].split("</table>")[0]
    assert tables.count("<tr>") == 501
    # However late in the order, what differs is among those shown.
    assert last in tables
    assert "The first 500 are shown; there are 2,500 more." in html
    assert len(html) < 400_000
