"""Lost agents: told when one that was heard is silent, not when nobody listened to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client

from access.models import Agent, AuditEntry, Company, Token, User
from access.policy import System
from access.services import create_agent
from access.tokens import revoke_token, rotate_token
from monitoring.alerts.agents import note_heard, watch_agent
from monitoring.alerts.models import AgentWatch, Alert
from monitoring.expected.lost_agents import alert_lost_agents
from monitoring.expected.models import WatchGap
from monitoring.files.arrivals import begin_arrival
from monitoring.files.services import open_file
from monitoring.times.clock import database_now
from tests.cast import Login

pytestmark = pytest.mark.django_db
CLI = System("test")
API = "/api/alerts/agents"


@pytest.fixture(autouse=True)
def _limit(settings: LazySettings) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, agent_silent_hours=48)


@pytest.fixture
def till(company: Company) -> Agent:
    return create_agent(name="till", company=company, actor=CLI)[0]


def ago(**span: float) -> datetime:
    return database_now() - timedelta(**span)


def heard(agent: Agent, **span: float) -> None:
    """Its token was made before that, and nothing else is known."""
    AgentWatch.objects.filter(agent=agent).update(heard_at=None)
    Token.objects.filter(user=agent.user).update(last_used_at=ago(**span), created=ago(days=90))


def told() -> list[str]:
    alert_lost_agents()
    return list(Alert.objects.open().order_by("about").values_list("about", flat=True))


class TestRule:
    def test_it_is_told_and_is_over_when_it_is_heard(self, till: Agent, company: Company) -> None:
        heard(till, hours=47)
        assert told() == []
        heard(till, hours=49)
        assert told() == told() == ["till"]
        alert = Alert.objects.get()
        assert (alert.rule, alert.company, alert.count) == ("agent.silent", company, 1)
        assert alert.subject == "till is silent"
        assert alert.url == "/dashboard/expected?search=till"
        heard(till, minutes=1)
        assert told() == []

    def test_a_call_with_its_token_is_heard(self, company: Company) -> None:
        agent, text = create_agent(name="till", company=company, actor=CLI)
        heard(agent, hours=49)
        assert told() == ["till"]
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {text}"}
        assert Client().get("/api/file_monitoring", **bearer).status_code == 200  # type: ignore[arg-type]
        assert told() == []

    @pytest.mark.usefixtures("till")
    def test_never_heard_revoked_or_shut_out_is_not_lost(self, company: Company) -> None:
        Token.objects.update(created=ago(days=90))
        other, out = (create_agent(name=name, company=company, actor=CLI)[0] for name in "ab")
        for one in (other, out):
            heard(one, hours=49)
        assert told() == ["a", "b"]
        revoke_token(token=other.user.auth_token_set.get(), actor=CLI)
        User.objects.filter(agent=out).update(is_active=False)
        assert told() == []
        # Let in again it is waited for from then on.
        User.objects.filter(agent=out).update(is_active=True)
        assert told() == ["b"]
        Token.objects.create(user=other.user, name="new", expiry=None)
        assert told() == ["b"]

    def test_when_it_was_heard_outlives_its_token(self, till: Agent) -> None:
        """The new token was never carried to its machine, and the old one has ended."""
        heard(till, hours=60)
        note_heard()
        old = till.user.auth_token_set.get()
        rotate_token(token=old, actor=CLI)
        assert told() == []
        old.delete()
        Token.objects.update(created=ago(hours=49))
        assert told() == ["till"]

    def test_while_nobody_watched_nobody_is_silent(self, till: Agent) -> None:
        heard(till, hours=100)
        WatchGap.objects.create(began_at=ago(hours=200), ended_at=ago(hours=70))
        WatchGap.objects.create(began_at=ago(hours=60), ended_at=ago(hours=30))
        assert told() == []
        # 30 hours before the first one's end are taken off, 20 of the second.
        WatchGap.objects.filter(began_at__gt=ago(hours=65)).update(began_at=ago(hours=50))
        assert told() == ["till"]

    def test_what_is_still_being_sent_is_heard(self, till: Agent, company: Company) -> None:
        file = open_file(
            kind="upload", company=company, name="x", original_path="", origin="upload",
            created_by=till.user,
        )  # fmt: skip
        begin_arrival(file=file, bytes_total=None)
        heard(till, hours=49)
        assert told() == []
        type(file).objects.update(seen_at=Now() - timedelta(hours=48, minutes=10))
        assert told() == ["till"]

    def test_each_has_a_limit_of_its_own(self, till: Agent, settings: LazySettings) -> None:
        heard(till, hours=30)
        watch_agent(agent=till, hours=24, actor=CLI)
        assert told() == ["till"]
        watch_agent(agent=till, hours=0, actor=CLI)
        assert told() == []
        watch_agent(agent=till, hours=None, actor=CLI)
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, agent_silent_hours=29)
        assert told() == ["till"]
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, agent_silent_hours=0)
        assert told() == []

    def test_a_clock_that_ran_ahead_hides_nobody_for_ever(self, till: Agent) -> None:
        heard(till, days=-400)
        note_heard()
        AgentWatch.objects.update(heard_at=ago(days=-400))
        assert told() == []
        assert AgentWatch.objects.filter(heard_at__lt=ago(days=-1)).exists()

    def test_the_statements_do_not_grow_with_the_agents(
        self, company: Company, django_assert_max_num_queries: Callable[..., object]
    ) -> None:
        for number in range(20):
            heard(create_agent(name=f"n{number}", company=company, actor=CLI)[0], hours=49)
        assert len(told()) == 20
        Token.objects.update(last_used_at=ago(hours=48.5))
        with django_assert_max_num_queries(16):  # type: ignore[attr-defined]
            alert_lost_agents()


class TestSurfaces:
    def test_administrators_see_and_set_it(
        self, till: Agent, login: Login, admin: User, viewer: User, stranger: User
    ) -> None:
        heard(till, hours=49)
        told()
        page = login(admin).get("/dashboard/alerts/agents").content.decode()
        assert "till" in page and f"/dashboard/alerts/{Alert.objects.get().pk}" in page
        assert login(viewer).get("/dashboard/alerts/agents").status_code == 403
        assert "till" not in login(stranger).get("/dashboard/alerts/agents").content.decode()
        where = f"/dashboard/alerts/agents/{till.pk}"
        for text, hours in (("100", 100), ("1e9", 100), ("0", 0), ("", None)):
            assert login(admin).post(where, {"hours": text}).status_code == 302
            assert AgentWatch.objects.get().silent_after_hours == hours
        assert login(stranger).post(where, {"hours": "3"}).status_code == 404

    def test_by_the_api(self, till: Agent, login: Login, admin: User, viewer: User) -> None:
        heard(till, hours=1)
        [found] = login(admin).get(API).json()["results"]
        assert (found["agent_id"], found["silent_after_hours"], found["is_own_limit"]) == (
            "till", 48, False,
        )  # fmt: skip
        assert found["heard_at"].endswith("Z")
        where = f"{API}/{till.pk}"
        kind = "application/json"
        for body, status in (
            ({"silent_after_hours": 12}, 200),
            ({"silent_after_hours": -1}, 400),
            ({"silent_after_hours": "12"}, 400),
            ({}, 400),
        ):
            answer = login(admin).patch(where, body, content_type=kind)
            assert answer.status_code == status, answer.content
        assert login(admin).get(where).json()["silent_after_hours"] == 12
        assert login(viewer).get(where).status_code in (403, 404)
        assert AuditEntry.objects.get(action="agent.watched").changes == {"silent_after_hours": 12}

    @pytest.mark.usefixtures("till", "admin", "viewer")
    def test_by_the_command_line(self) -> None:
        def cli(*arguments: str) -> str:
            out = StringIO()
            call_command("alerts", *arguments, stdout=out)
            return out.getvalue()

        assert "never" in cli("agents")
        assert cli("watch", "till", "--hours", "7").strip() == "till: 7 h"
        assert '"is_own_limit": false' in cli("watch", "till", "--default", "--json", "--as", "ada")
        for arguments, code in (
            (("watch", "nobody", "--hours", "7"), 3),
            (("watch", "till", "--hours", "-7"), 2),
            (("agents", "--as", "vera"), 4),
        ):
            with pytest.raises(CommandError) as error:
                cli(*arguments)
            assert error.value.returncode == code
