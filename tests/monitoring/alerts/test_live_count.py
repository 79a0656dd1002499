"""How many alerts wait, told to every open page at once: of what is one's own to see."""

from datetime import timedelta

import pytest

from access.models import Company, User
from access.policy import System
from monitoring.alerts.attention import acknowledge_alert, snooze_alert
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import count_open
from monitoring.alerts.services import Fact, open_alert, open_alerts, resolve_alert
from monitoring.notices.services import post_notice
from tests.monitoring.live.conftest import Listening

pytestmark = pytest.mark.django_db(transaction=True)
HERE = "/ws/general?alerts=1"


@pytest.mark.exhaustive
def test_each_hears_how_many_of_theirs_wait(
    listening: Listening, company: Company, operator: User, stranger: User, superuser: User
) -> None:
    ours = open_alert(key="x.y:1", company=company, subject="x")
    open_alert(key="x.y:2", company=None, subject="x")
    mine, theirs, all_ = (listening.socket(HERE, one) for one in (operator, stranger, superuser))
    assert mine.next()["type"] == "connection_established"
    for socket, waiting in ((mine, 1), (theirs, 0), (all_, 2)):
        assert socket.until("alerts_update")["data"] == {"waiting": waiting}
    open_alerts([Fact(key=f"x.z:{one}", company=company, subject="x") for one in range(3)])
    for socket, waiting in ((mine, 4), (all_, 5)):
        assert socket.until("alerts_update")["data"] == {"waiting": waiting}
    # In another tab, by another person: it is fewer, and may be as many as before again.
    acknowledge_alert(alert=ours, actor=operator)
    assert mine.until("alerts_update")["data"] == {"waiting": 3}
    open_alert(key="x.y:3", company=company, subject="x")
    assert mine.until("alerts_update")["data"] == {"waiting": 4}
    assert count_open(actor=operator) == 4
    again = open_alert(key="x.y:3", company=company, subject="x")
    snooze_alert(alert=again, actor=operator, until=database_now() + timedelta(hours=1))
    assert mine.until("alerts_update")["data"] == {"waiting": 3}
    resolve_alert(key="x.z:1")
    assert mine.until("alerts_update")["data"] == {"waiting": 2}


@pytest.mark.exhaustive
def test_who_did_not_ask_or_may_not_hears_notices_alone(
    listening: Listening, company: Company, viewer: User, agent: User
) -> None:
    plain, other = listening.socket("/ws/general", viewer), listening.socket(HERE, agent)
    for socket in (plain, other):
        assert socket.next()["type"] == "connection_established"
    open_alert(key="x.y:1", company=company, subject="x")
    post_notice(actor=System("test"), title="To all")
    for socket in (plain, other):
        assert socket.next()["type"] == "general_message"
