"""Backups read over the API: who sees which, by what filter, page by page."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from access.models import User
from backups.cursors import Cursor, encode_cursor
from backups.models import Backup, Database
from tests.backups.test_api import LIST, UNKNOWN, is_problem
from tests.cast import Login, make_backup, make_running

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "status", "count"),
    [
        ("viewer", 200, 1),
        ("operator", 200, 1),
        ("admin", 200, 1),
        ("superuser", 200, 1),
        ("stranger", 200, 0),
        ("agent", 403, 0),
    ],
)
def test_who_reads_what(
    who: str,
    status: int,
    count: int,
    database: Database,
    login: Login,
    request: pytest.FixtureRequest,
) -> None:
    backup = make_backup(database)
    client = login(request.getfixturevalue(who))
    answer = client.get(LIST)
    assert answer.status_code == status
    if status == 200:
        assert len(answer.json()["results"]) == count
    for path in (f"/api/backup/{backup.pk}", f"/api/backup/status/{backup.pk}"):
        answer = client.get(path)
        missing = client.get(path.replace(str(backup.pk), UNKNOWN))
        is_problem(missing, 404, "not_found")
        if count:
            assert answer.json()["id"] == str(backup.pk)
        else:
            assert answer.content == missing.content


def test_filters(database: Database, login: Login, viewer: User) -> None:
    other = Database.objects.create(
        company=database.company, name="other", host="h", database_name="d", username="u"
    )
    good = make_backup(database, age=timedelta(days=3), label="weekly")
    failed = make_backup(other, age=timedelta(days=1), status="failed", validation="unchecked")
    running = make_running(database)
    client = login(viewer)

    def found(**query: Any) -> list[str]:
        answer = client.get(LIST, query)
        assert answer.status_code == 200, answer.content
        return [one["id"] for one in answer.json()["results"]]

    ids = [str(one.pk) for one in (running, failed, good)]
    assert found() == ids
    assert found(ordering="created_at") == ids[::-1]
    assert found(status="failed") == ids[1:2]
    assert found(status=["failed", "completed"]) == ids[1:]
    assert found(validation="good") == ids[2:]
    assert found(database="other") == ids[1:2]
    assert found(database=str(other.pk)) == ids[1:2]
    assert found(search="WEEKL") == ids[2:]
    assert found(search="%") == []
    assert found(search="a\0b") == []
    day = good.created_at.date().isoformat()
    assert found(**{"from": day, "to": day}) == ids[2:]
    assert found(to="9999-12-31", **{"from": "0001-01-01"}) == ids
    assert found(to="0001-01-01") == []
    assert found(database="nothing") == []


@pytest.mark.parametrize(
    "query",
    [
        {"status": "no"},
        {"validation": "no"},
        {"ordering": "password"},
        {"ordering": "-size_bytes"},
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "201"},
        {"limit": "x"},
        {"limit": "²"},
        {"limit": "1" * 5000},
        {"limit": "0" * 9 + "1" * 5000},
        {"limit": ""},
        {"cursor": "x"},
        {"cursor": "☃"},
        {"cursor": "a\0b"},
        {"cursor": "W10"},
        {"cursor": "bnVsbA"},
        {"cursor": "WzFlNDAwLCAieCIsIDFd"},
        {"cursor": "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMCwgIngiLCAxXQ"},
        {"cursor": "WzEsIDUsIDFd"},
        {"cursor": "A" * 10_000},
    ],
)
def test_a_question_that_makes_no_sense_is_a_bad_request(
    query: dict[str, str], login: Login, viewer: User
) -> None:
    body = is_problem(login(viewer).get(LIST, query), 400, "bad_option")
    assert body["option"] in query


def test_a_cursor_at_the_end_of_time_is_no_trouble(login: Login, viewer: User) -> None:
    for year in (1, 9999):
        for backwards in (True, False):
            moment = datetime(year, 1, 1, tzinfo=UTC)
            cursor = encode_cursor(Cursor(moment, uuid.UUID(int=1), backwards))
            assert login(viewer).get(LIST, {"cursor": cursor}).status_code == 200


@pytest.mark.parametrize("ordering", ["-created_at", "created_at"])
def test_pages_forward_and_back_leave_nothing_out(
    ordering: str, database: Database, login: Login, viewer: User
) -> None:
    moment = datetime(2026, 11, 21, tzinfo=UTC)
    for number in range(7):
        backup = make_backup(database)
        # Most of one and the same moment.
        created = moment + timedelta(seconds=number // 6)
        Backup.objects.filter(pk=backup.pk).update(created_at=created)
    client = login(viewer)
    whole = [one["id"] for one in client.get(LIST, {"ordering": ordering}).json()["results"]]

    address: str | None = f"{LIST}?limit=2&ordering={ordering}&status=completed"
    pages, seen = [], []
    while address:
        seen.append(address)
        page = client.get(address).json()
        pages.append([one["id"] for one in page["results"]])
        address = page["next"]
        assert len(seen) < 10
    assert [one for page in pages for one in page] == whole
    assert [len(one) for one in pages] == [2, 2, 2, 1]
    back = []
    address = page["previous"]
    while address:
        page = client.get(address).json()
        back.append([one["id"] for one in page["results"]])
        address = page["previous"]
        assert "status=completed" in (page["next"] or "")
    assert back == pages[-2::-1]


def test_a_long_list_asks_the_database_a_few_times_only(
    database: Database,
    login: Login,
    viewer: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(200):
        make_backup(database, created_by=viewer)
    client = login(viewer)
    with django_assert_max_num_queries(9):
        answer = client.get(LIST, {"limit": "200"})
    assert len(answer.json()["results"]) == 200
    assert answer.json()["next"] is None


def test_a_running_one_says_how_far_it_is(database: Database, login: Login, viewer: User) -> None:
    status = login(viewer).get(f"/api/backup/status/{make_running(database).pk}").json()
    assert (status["status"], status["progress"]) == ("running", 43.4)
    assert status["bytes_done"] == 7_900_000_000
    assert status["bytes_total"] == 12_800_000_000
    assert status["rate"] > 0
    assert status["eta_seconds"] >= 0
    assert [one["id"] for one in status["stages"]] == ["dump", "store", "validate", "finalize"]
    assert status["stages"][0]["status"] == "in_progress"


@pytest.mark.parametrize("name", ["no-id", "0" * 32 + "-" * 4, "-" * 36, "0" * 40, "..%2f", "%00"])
def test_what_is_no_id_is_not_found(name: str, login: Login, viewer: User) -> None:
    for kind in ("", "status/", "download/"):
        assert login(viewer).get(f"/api/backup/{kind}{name}").status_code == 404
