import uuid
from datetime import timedelta

import pytest
from django.test import Client

from access.models import User
from backups.models import Backup, Database, LevelResult
from backups.pages.detail import restore_words
from storage.models import StoredObject
from tests.cast import (
    Login,
    admin,
    agent,
    company,
    database,
    login,
    make_backup,
    make_running,
    operator,
    storage_target,
    stranger,
    viewer,
)

__all__ = [
    "admin", "agent", "company", "database", "login", "operator", "storage_target", "stranger",
    "viewer",
]  # fmt: skip

LIST = "/dashboard/backup"


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


class TestCreate:
    def test_an_operator_asks_and_is_led_to_the_backup(
        self, login: Login, operator: User, database: Database
    ) -> None:
        answer = login(operator).post(
            LIST,
            {
                "database": database.pk,
                "label": "before-upgrade",
                "comment": "the day before",
                "what": "schema_only",
                "schemas": "sales\r\nodd name, with a comma\r\n",
                "compression_level": "7",
            },
        )
        backup = Backup.objects.get()
        assert answer.status_code == 302
        assert answer["Location"] == f"/dashboard/backup/{backup.pk}"
        assert backup.created_by == operator
        assert backup.trigger == Backup.Trigger.MANUAL
        assert backup.options["schema_only"] is True
        assert backup.options["schemas"] == ["sales", "odd name, with a comma"]
        assert backup.options["compression_level"] == 7
        assert backup.label == "before-upgrade"

    def test_a_database_alone_is_enough(
        self, login: Login, operator: User, database: Database
    ) -> None:
        assert login(operator).post(LIST, {"database": database.pk}).status_code == 302
        assert Backup.objects.get().options == {}

    def test_a_viewer_has_no_form_and_cannot_send_one(
        self, login: Login, viewer: User, operator: User, database: Database
    ) -> None:
        assert "New backup" in page(login(operator), f"{LIST}?new=")
        assert "New backup" not in page(login(viewer), f"{LIST}?new=")
        answer = login(viewer).post(LIST, {"database": database.pk})
        assert answer.status_code == 403
        assert "Your role does not allow this" in answer.content.decode()
        assert not Backup.objects.exists()

    def test_a_stranger_cannot_name_the_database(
        self, login: Login, stranger: User, database: Database
    ) -> None:
        answer = login(stranger).post(LIST, {"database": database.pk})
        assert answer.status_code == 400
        assert "orders" not in answer.content.decode()
        assert not Backup.objects.exists()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"label": "../etc"}, "Only letters, digits"),
            ({"compression_level": "40"}, "less than or equal to 19"),
            ({"tables": "x" * 300}, "too long name"),
            ({"schemas": "bad\x07name"}, "control characters"),
            ({"database": str(uuid.uuid4())}, "valid choice"),
        ],
    )
    def test_a_mistake_is_said_at_its_field_and_the_input_kept(
        self,
        login: Login,
        operator: User,
        database: Database,
        wrong: dict[str, str],
        said: str,
    ) -> None:
        form = {"database": str(database.pk), "comment": "keep this <b>text</b>", **wrong}
        answer = login(operator).post(LIST, form)
        html = answer.content.decode()
        assert answer.status_code == 400
        assert said in html
        assert 'aria-invalid="true"' in html
        assert "keep this &lt;b&gt;text&lt;/b&gt;" in html
        assert not Backup.objects.exists()

    def test_a_second_one_is_refused_with_what_to_do(
        self, login: Login, operator: User, database: Database
    ) -> None:
        client = login(operator)
        client.post(LIST, {"database": database.pk})
        refused = client.post(LIST, {"database": database.pk, "comment": "kept"})
        html = refused.content.decode()
        assert refused.status_code == 409
        assert "running" in html
        assert "Wait for it to end" in html
        assert "kept" in html
        assert Backup.objects.count() == 1
        forced = client.post(LIST, {"database": database.pk, "force": "on"})
        assert forced.status_code == 302
        assert Backup.objects.count() == 2


class TestList:
    def test_it_shows_state_integrity_size_and_age(
        self, login: Login, viewer: User, database: Database
    ) -> None:
        backup = make_backup(database)
        html = page(login(viewer), LIST)
        for expected in (backup.file_name, "Completed", "Good", "2.31 GB", "2 h ago"):
            assert expected in html
        assert "data-poll" not in html

    def test_downloads_are_offered_by_role(
        self, login: Login, viewer: User, operator: User, database: Database
    ) -> None:
        backup = make_backup(database)
        link = f"/api/backup/download/{backup.pk}"
        assert link in page(login(operator), LIST)
        assert link not in page(login(viewer), LIST)
        assert link in page(login(operator), f"{LIST}/{backup.pk}")
        assert link not in page(login(viewer), f"{LIST}/{backup.pk}")

    def test_filters_narrow_it(self, login: Login, viewer: User, database: Database) -> None:
        good = make_backup(database)
        failed = make_backup(
            database,
            age=timedelta(days=9),
            status=Backup.Status.FAILED,
            validation=Backup.Validation.UNCHECKED,
            error="permission denied",
        )
        client = login(viewer)
        html = page(client, f"{LIST}?status=failed")
        assert failed.file_name in html
        assert good.file_name not in html
        assert good.file_name in page(client, f"{LIST}?validation=good&database={database.pk}")
        html = page(client, f"{LIST}?search=no-such-name")
        assert "No backup matches" in html
        assert good.file_name not in html

    @pytest.mark.parametrize(
        "query",
        ["status=nonsense", "from_date=yesterday", "cursor=nonsense", "ordering=password",
         "database=%27", "search=%00", "to_date=99999-01-01"],
    )  # fmt: skip
    def test_a_query_that_cannot_be_read_breaks_nothing(
        self, login: Login, viewer: User, database: Database, query: str
    ) -> None:
        make_backup(database)
        page(login(viewer), f"{LIST}?{query}")

    def test_it_pages(self, login: Login, viewer: User, database: Database) -> None:
        backups = [make_backup(database, age=timedelta(hours=hours)) for hours in range(1, 31)]
        client = login(viewer)
        first = client.get(LIST)
        older = first.context["page"].next
        assert backups[0].file_name in first.content.decode()
        assert backups[29].file_name not in first.content.decode()
        second = page(client, f"{LIST}?cursor={older}")
        assert backups[29].file_name in second
        assert backups[0].file_name not in second

    def test_it_says_what_to_do_when_empty(
        self, login: Login, viewer: User, operator: User
    ) -> None:
        assert "No backup yet" in page(login(viewer), LIST)
        assert "Back up now" not in page(login(viewer), LIST)
        assert "Back up now" in page(login(operator), LIST)

    def test_what_runs_is_polled_and_its_part_is_sent_alone(
        self, login: Login, viewer: User, database: Database
    ) -> None:
        make_running(database)
        client = login(viewer)
        assert "data-poll" in page(client, LIST)
        part = client.get(LIST, headers={"X-Live": "1"}).content.decode()
        assert "data-poll" in part
        assert "<html" not in part

    def test_strangers_and_agents(
        self, login: Login, stranger: User, agent: User, database: Database
    ) -> None:
        backup = make_backup(database)
        assert backup.file_name not in page(login(stranger), LIST)
        assert login(agent).get(LIST).status_code == 403


class TestDetail:
    def test_it_tells_course_checks_facts_and_commands(
        self, login: Login, viewer: User, database: Database
    ) -> None:
        backup = make_backup(
            database,
            sha256="ab" * 32,
            comment="<script>alert(1)</script>",
            manifest={
                "artifact": {"recipients": [{"role": "recovery"}, {"role": "ephemeral"}]},
                "restore": {"needs": ["age"], "commands": ["age -d FILE | pg_restore"]},
            },
        )
        stored = StoredObject.objects.create(
            company=backup.company, target=backup.storage, key="k", size=1, sha256="ab" * 32
        )
        LevelResult.objects.create(
            backup=backup, stored=stored, level="content", passed=True, detail="read to its end"
        )
        html = page(login(viewer), f"{LIST}/{backup.pk}")
        for expected in ("Dump", "Check", "read to its end", "ab" * 32, "age -d FILE | pg_restore"):
            assert expected in html
        assert "<script>alert" not in html

    def test_an_error_has_its_cure(self, login: Login, viewer: User, database: Database) -> None:
        backup = make_backup(
            database,
            status=Backup.Status.FAILED,
            validation=Backup.Validation.UNCHECKED,
            error="permission denied for table audit_log",
            error_code="permission_denied",
        )
        html = page(login(viewer), f"{LIST}/{backup.pk}")
        assert "permission denied for table audit_log" in html
        assert "pg_read_all_data" in html

    def test_progress_is_told_with_its_whole(
        self, login: Login, viewer: User, database: Database
    ) -> None:
        html = page(login(viewer), f"{LIST}/{make_running(database).pk}")
        assert "7.90 GB of 12.8 GB" in html
        assert "62 %" in html
        assert "data-poll" in html

    def test_missing_and_forbidden_answer_alike(
        self, login: Login, stranger: User, agent: User, database: Database
    ) -> None:
        backup = make_backup(database)
        for person in (stranger, agent):
            client = login(person)
            forbidden = client.get(f"{LIST}/{backup.pk}")
            missing = client.get(f"{LIST}/{uuid.uuid4()}")
            assert forbidden.status_code == missing.status_code == 404
            assert forbidden.content == missing.content

    @pytest.mark.parametrize("manifest", [None, {}, {"restore": None}, {"restore": {}}])
    def test_no_manifest_is_no_commands(self, manifest: dict[str, object] | None) -> None:
        assert restore_words(manifest) == {"needs": [], "commands": [], "readers": []}
