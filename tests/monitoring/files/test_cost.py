"""What the lists of files cost when there are many."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from access.models import Company, Membership, User
from access.roles import Role
from monitoring.files.models import Stage, TrackedFile
from tests.cast import Login
from tests.files import add_lines, add_steps, make_file, make_files
from tests.monitoring.files.test_api import BOUND, LISTS, by_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def many(company: Company) -> TrackedFile:
    """10,000 files of which 20 are active, among as many of another company; the newest one."""
    elsewhere = Company.objects.create(name="Busy")
    over = [{"status": ("completed", "failed")[number % 2]} for number in range(9_980)]
    active = [{"status": ("processing", "queued")[number % 2]} for number in range(20)]
    make_files(elsewhere, over[:2_000])
    *_rest, newest = make_files(company, [*over, *active])
    stages = Stage.objects.filter(file__status="processing", key="dump")
    for stage in stages:
        add_steps(stage, 1_000)
    add_lines(newest, 2_000)
    with connection.cursor() as cursor:
        # As autovacuum does some time after so many rows came.
        cursor.execute("ANALYZE monitoring_trackedfile, monitoring_stage, monitoring_step")
    return newest


@pytest.mark.exhaustive
def test_ten_thousand_files_cost_as_little_as_one(
    many: TrackedFile, viewer: User, superuser: User, agent: User, login: Login,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    # In one test: twelve thousand files take their time to make.
    assert_the_newest_are_found_without_reading_the_others(login(viewer))
    Membership.objects.create(
        user=viewer, company=Company.objects.get(name="Busy"), role=Role.VIEWER
    )
    mine = make_file(many.company, created_by=agent)
    for user, file in ((viewer, many), (superuser, many), (agent, mine)):
        for client in (login(user), by_token(user)):
            with django_assert_max_num_queries(BOUND - 1):
                lists = client.get(LISTS, {"limit": "100"}).json()
            if user != agent:
                assert [len(files) for files in lists.values()] == [21, 100, 100]
            with django_assert_max_num_queries(BOUND - 1):
                answer = client.get(f"{LISTS}/{file.pk}")
            assert answer.status_code == 200


def assert_the_newest_are_found_without_reading_the_others(client: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        client.get(LISTS)
    # The session, its user with the roles; the companies, the files, their stages, the steps.
    assert len(asked) == 6
    plans = [explain(query["sql"]) for query in asked if "monitoring_" in query["sql"]]
    assert len(plans) == 3
    read: dict[str, float] = {}
    for plan in plans:
        for table, rows in rows_read(plan):
            read[table] = read.get(table, 0) + rows
    # 20 of each list and some of the other company's, not 12,000.
    assert read["monitoring_trackedfile"] < 500, plans
    # Four of each file.
    assert read["monitoring_stage"] == 240, plans
    # The latest 50 of 1,000 steps, of ten stages.
    assert read["monitoring_step"] < 501, plans


def explain(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        [[found]] = cursor.fetchall()
    return (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]


def rows_read(plan: dict[str, Any]) -> list[tuple[str, float]]:
    """Each scan's table, with the rows that it read, those it threw away included."""
    found = []
    if "Relation Name" in plan:
        thrown = plan.get("Rows Removed by Filter", 0)
        found.append((plan["Relation Name"], (plan["Actual Rows"] + thrown) * plan["Actual Loops"]))
    for part in plan.get("Plans", []):
        found += rows_read(part)
    return found
