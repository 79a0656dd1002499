"""Who sees which files by the API, how to ask wrongly, and what an answer costs."""

import uuid
from typing import Any

import pytest
from django.test import Client

from access.models import Company, Membership, User
from access.policy import System
from access.roles import Role
from access.tokens import create_token
from monitoring.files.models import LogLine
from tests.cast import Login, person
from tests.files import make_file, make_files

pytestmark = pytest.mark.django_db

LISTS = "/api/file_monitoring"
BOUND = 12


def listed(client: Client, **query: Any) -> dict[str, list[str]]:
    """The ids in each list."""
    answer = client.get(LISTS, query)
    assert answer.status_code == 200, answer.content
    return {name: [file["fileId"] for file in files] for name, files in answer.json().items()}


def by_token(user: User) -> Client:
    token = create_token(user=user, name="x", actor=System("cli"))
    return Client(headers={"Authorization": f"Bearer {token}"})


class TestWhoSees:
    @pytest.mark.parametrize(
        ("who", "sees"),
        [
            ("viewer", True),
            ("operator", True),
            ("admin", True),
            ("superuser", True),
            ("stranger", False),
            ("agent", False),
        ],
    )
    def test_the_lists_and_the_file(
        self,
        who: str,
        sees: bool,
        company: Company,
        login: Login,
        request: pytest.FixtureRequest,
    ) -> None:
        file = make_file(company)
        user = request.getfixturevalue(who)
        for client in (login(user), by_token(user)):
            assert listed(client)["activeFiles"] == ([str(file.pk)] if sees else [])
            seen = client.get(f"{LISTS}/{file.pk}")
            missing = client.get(f"{LISTS}/{uuid.UUID(int=5)}")
            assert seen.status_code == (200 if sees else 404)
            assert missing.status_code == 404
            assert sees or seen.content == missing.content

    def test_an_agent_sees_its_own_and_no_other_agents(
        self, agent: User, viewer: User, company: Company, login: Login
    ) -> None:
        other = person("agent:other", company, Role.AGENT, kind=User.Kind.AGENT)
        mine, theirs = make_files(
            company,
            [{"created_by": agent, "kind": "upload"}, {"created_by": other, "kind": "upload"}],
        )
        client = by_token(agent)
        assert listed(client)["activeFiles"] == [str(mine.pk)]
        assert client.get(f"{LISTS}/{mine.pk}").status_code == 200
        assert client.get(f"{LISTS}/{theirs.pk}").status_code == 404
        assert len(listed(login(viewer))["activeFiles"]) == 2

    def test_an_agent_with_a_role_of_people_still_sees_its_own_only(self, company: Company) -> None:
        till = person("agent:till", company, Role.VIEWER, kind=User.Kind.AGENT)
        make_file(company)
        assert listed(by_token(till))["activeFiles"] == []

    def test_a_person_with_the_role_of_an_agent_sees_nothing(
        self, company: Company, login: Login
    ) -> None:
        file = make_file(company)
        client = login(person("piet", company, Role.AGENT))
        assert listed(client)["activeFiles"] == []
        assert client.get(f"{LISTS}/{file.pk}").status_code == 404

    def test_without_any_membership_it_is_refused_as_other_lists_are(
        self, company: Company, login: Login
    ) -> None:
        file = make_file(company)
        client = login(User.objects.create_user("nina"))
        for path in (LISTS, "/api/backup/list"):
            answer = client.get(path)
            assert answer.status_code == 403
            assert answer.json()["code"] == "not_allowed"
        assert client.get(f"{LISTS}/{file.pk}").status_code == 404

    def test_without_a_login_it_is_refused(self, client: Client, company: Company) -> None:
        for path in (LISTS, f"{LISTS}/", f"{LISTS}/{make_file(company).pk}"):
            assert client.get(path).status_code == 401

    def test_two_companies_are_seen_together(
        self, viewer: User, company: Company, login: Login
    ) -> None:
        branch = Company.objects.create(name="Branch")
        Membership.objects.create(user=viewer, company=branch, role=Role.VIEWER)
        make_file(company)
        make_file(branch)
        assert len(listed(login(viewer))["activeFiles"]) == 2


class TestAsking:
    def test_kinds_narrow_all_lists(self, company: Company, viewer: User, login: Login) -> None:
        backup, upload, copy = make_files(
            company,
            [
                {"kind": "backup"},
                {"kind": "upload", "status": "completed"},
                {"kind": "copy", "status": "failed"},
            ],
        )
        client = login(viewer)
        two = listed(client, kind=["backup", "copy"])
        assert two == {
            "activeFiles": [str(backup.pk)],
            "recentlyCompleted": [],
            "recentlyFailed": [str(copy.pk)],
        }
        assert listed(client, kind="upload")["recentlyCompleted"] == [str(upload.pk)]

    @pytest.mark.parametrize(("limit", "shown"), [("", 20), ("1", 1), ("100", 100)])
    def test_the_limit_is_for_each_list(
        self, limit: str, shown: int, company: Company, viewer: User, login: Login
    ) -> None:
        make_files(
            company,
            [
                {"status": status}
                for status in ("completed", "failed", "queued")
                for _ in range(101)
            ],
        )
        found = listed(login(viewer), **({"limit": limit} if limit else {}))
        assert [len(ids) for ids in found.values()] == [shown] * 3

    def test_the_newest_come_first_and_those_at_work_before_those_that_wait(
        self, company: Company, viewer: User, login: Login
    ) -> None:
        states = ["processing", "queued", "completed", "failed"] * 3
        files = make_files(company, [{"status": status} for status in states])
        ids = [str(file.pk) for file in files]
        found = listed(login(viewer))
        assert found == {
            "activeFiles": [ids[8], ids[4], ids[0], ids[9], ids[5], ids[1]],
            "recentlyCompleted": [ids[10], ids[6], ids[2]],
            "recentlyFailed": [ids[11], ids[7], ids[3]],
        }
        assert listed(login(viewer), limit="4")["activeFiles"] == [ids[8], ids[4], ids[0], ids[9]]

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("limit", "0"),
            ("limit", "101"),
            ("limit", "-1"),
            ("limit", "ten"),
            ("limit", ""),
            ("limit", "1.5"),
            ("limit", "\u0663"),
            ("limit", "9" * 5000),
            ("kind", "video"),
            ("kind", ""),
            ("kind", "backup,copy"),
            ("kind", "back\0up"),
        ],
    )
    def test_a_wrong_value_of_the_lists_is_named(
        self, option: str, value: str, viewer: User, login: Login
    ) -> None:
        self.is_refused(login(viewer).get(LISTS, {option: value}), option)

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("logs_limit", "0"),
            ("logs_limit", "5001"),
            ("logs_limit", "all"),
            ("logs_before", "0"),
            ("logs_before", "2026-01-01T00:00:00Z"),
            ("logs_before", str(2**63)),
            ("logs_before", ""),
        ],
    )
    def test_a_wrong_value_of_the_detail_is_named(
        self, option: str, value: str, company: Company, viewer: User, login: Login
    ) -> None:
        file = make_file(company)
        self.is_refused(login(viewer).get(f"{LISTS}/{file.pk}", {option: value}), option)

    def is_refused(self, answer: Any, option: str) -> None:
        assert answer.status_code == 400, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        body = answer.json()
        assert (body["code"], body["option"]) == ("bad_option", option)
        assert body["detail"]

    def test_it_is_only_read(self, company: Company, admin: User, login: Login) -> None:
        file = make_file(company)
        client = login(admin)
        for method in ("post", "put", "patch", "delete"):
            for path in (LISTS, f"{LISTS}/{file.pk}"):
                answer = getattr(client, method)(path, "{}", content_type="application/json")
                assert answer.status_code == 405

    def test_what_was_written_is_shown_as_text(
        self, company: Company, viewer: User, login: Login
    ) -> None:
        file = make_file(company, name="<script>", error="\u2028 <b>", status="failed")
        LogLine.objects.create(file=file, message="\\x \u0007 \U0001f480", source="x")
        one = login(viewer).get(f"{LISTS}/{file.pk}").json()
        assert (one["fileName"], one["error"]) == ("<script>", "\u2028 <b>")
        assert one["logs"][0]["message"] == "\\x \u0007 \U0001f480"
