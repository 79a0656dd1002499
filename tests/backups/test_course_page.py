"""The page of a backup at work: its steps, its log, and the way to cancel it."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from access.models import AuditEntry, User
from backups.models import Backup, Database
from monitoring.files.models import LogLine, Stage, Step, TrackedFile
from tests.cast import Login, make_backup, make_running
from tests.files import add_lines, add_steps

pytestmark = pytest.mark.django_db


def page(client: Client, backup: Backup) -> str:
    answer = client.get(f"/dashboard/backup/{backup.pk}")
    assert answer.status_code == 200
    return answer.content.decode()


def ask(backup: Backup) -> str:
    return f"/dashboard/backup/{backup.pk}/cancel"


def file_of(backup: Backup) -> TrackedFile:
    assert backup.file is not None
    return TrackedFile.objects.get(pk=backup.file.pk)


@pytest.fixture
def running(database: Database) -> Backup:
    return make_running(database)


@pytest.fixture
def dump(running: Backup) -> Stage:
    return file_of(running).stages.get(key="dump")


@pytest.fixture
def waiting(database: Database) -> Backup:
    return make_backup(
        database,
        age=timedelta(seconds=5),
        status=Backup.Status.PENDING,
        validation=Backup.Validation.UNCHECKED,
    )


class TestSteps:
    def test_they_are_shown_under_their_stage(
        self, running: Backup, dump: Stage, login: Login, viewer: User
    ) -> None:
        Step.objects.create(stage=dump, status="completed", message="sales.<b>", duration=74)
        Step.objects.create(stage=dump, status="failed", message="sales.x", details="no right")
        html = page(login(viewer), running)
        assert "sales.&lt;b&gt;" in html
        assert "1 min 14 s" in html
        assert "no right" in html
        assert "earlier step" not in html

    def test_of_many_the_latest_are_open_and_the_others_folded(
        self, running: Backup, dump: Stage, login: Login, viewer: User
    ) -> None:
        add_steps(dump, 80)
        html = page(login(viewer), running)
        folded, opened = html.split("47 earlier steps")[1].split("</details>", 1)
        assert "step 76" in folded
        assert "step 29" not in html
        assert all(f"step {number}" in opened for number in (77, 78, 79))

    def test_the_status_call_tells_them_too(
        self, running: Backup, dump: Stage, login: Login, viewer: User
    ) -> None:
        add_steps(dump, 60)
        stages = login(viewer).get(f"/api/backup/status/{running.pk}").json()["stages"]
        assert [len(stage["steps"]) for stage in stages] == [50, 0, 0, 0]


class TestLog:
    def test_it_has_time_level_source_and_text(
        self, running: Backup, login: Login, viewer: User
    ) -> None:
        file = file_of(running)
        LogLine.objects.create(
            file=file, level="warning", source="pg_dump", message="<script>alert(1)</script>"
        )
        html = page(login(viewer), running)
        assert "&lt;script&gt;alert(1)" in html
        assert "<b>warning</b><i>pg_dump</i>" in html
        more = f"/api/file_monitoring/{file.pk}?logs_limit=5000"
        assert more in html
        [line] = login(viewer).get(more).json()["logs"]
        assert line["message"] == "<script>alert(1)</script>"

    def test_the_latest_200_lines(self, running: Backup, login: Login, viewer: User) -> None:
        add_lines(file_of(running), 250)
        html = page(login(viewer), running)
        assert "line 249<" in html
        assert "line 50<" in html
        assert "line 49<" not in html
        assert "The latest 200 lines" in html

    def test_an_empty_one_says_why(
        self, running: Backup, database: Database, login: Login, viewer: User
    ) -> None:
        client = login(viewer)
        assert "What the tools say appears here" in page(client, running)
        over = make_backup(database)
        assert "Nothing was written to the log" in page(client, over)
        Backup.objects.filter(pk=over.pk).update(file=None)
        assert "not kept any more" in page(client, over)


class TestCancel:
    def test_an_operator_is_asked_once_more(
        self, running: Backup, waiting: Backup, login: Login, operator: User
    ) -> None:
        client = login(operator)
        for backup, said in ((running, "7.90 GB of 12.8 GB"), (waiting, "It ends at once")):
            assert ask(backup) in page(client, backup)
            asked = client.get(ask(backup))
            assert asked.status_code == 200
            assert said in asked.content.decode()
            assert file_of(backup).cancelled_by == ""

    def test_a_waiting_one_ends_at_once(
        self, waiting: Backup, login: Login, operator: User
    ) -> None:
        client = login(operator)
        answer = client.post(ask(waiting))
        assert answer.status_code == 302
        assert answer["Location"] == f"/dashboard/backup/{waiting.pk}"
        waiting.refresh_from_db()
        assert waiting.status == Backup.Status.CANCELLED
        assert file_of(waiting).status == TrackedFile.Status.FAILED
        html = page(client, waiting)
        assert "Cancelled by otto" in html
        assert ask(waiting) not in html
        assert AuditEntry.objects.filter(actor=operator, object_id=str(waiting.pk)).exists()

    def test_of_a_running_one_it_is_said_that_it_ends(
        self, running: Backup, login: Login, operator: User, viewer: User
    ) -> None:
        client = login(operator)
        assert client.post(ask(running)).status_code == 302
        assert file_of(running).cancelled_by == "otto"
        for reader in (client, login(viewer)):
            html = page(reader, running)
            assert "Being cancelled by otto" in html
            assert ask(running) not in html

    def test_one_that_is_over_stays_as_it_is(
        self, database: Database, login: Login, operator: User
    ) -> None:
        over = make_backup(database)
        TrackedFile.objects.filter(backup=over).update(status=TrackedFile.Status.COMPLETED)
        client = login(operator)
        assert ask(over) not in page(client, over)
        assert client.get(ask(over))["Location"] == f"/dashboard/backup/{over.pk}"
        said = client.post(ask(over), follow=True).content.decode()
        assert "over already" in said
        over.refresh_from_db()
        assert over.status == Backup.Status.COMPLETED

    def test_who_may_not_changes_nothing(
        self, running: Backup, login: Login, viewer: User, stranger: User, agent: User
    ) -> None:
        assert ask(running) not in page(login(viewer), running)
        missing = f"/dashboard/backup/{uuid.uuid4()}/cancel"
        for method in ("get", "post"):
            assert getattr(login(viewer), method)(ask(running)).status_code == 403
            for unseen in (stranger, agent):
                refused = getattr(login(unseen), method)(ask(running))
                unknown = getattr(login(unseen), method)(missing)
                assert refused.status_code == unknown.status_code == 404
                assert refused.content == unknown.content
        assert file_of(running).cancelled_by == ""

    def test_another_site_cannot_send_the_form(self, running: Backup, operator: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(operator)
        assert client.post(ask(running)).status_code == 403
        assert file_of(running).cancelled_by == ""


def test_steps_and_lines_cost_one_query_each_however_many(
    running: Backup, dump: Stage, login: Login, operator: User,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    client = login(operator)
    page(client, running)
    with django_assert_max_num_queries(40) as before:
        page(client, running)
    add_steps(dump, 300)
    add_lines(file_of(running), 1_000)
    with django_assert_max_num_queries(len(before)):
        page(client, running)
