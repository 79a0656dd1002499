"""Alerts and channels in a browser: every page fits, nothing complains, and they can be used."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from playwright.sync_api import expect

from access.models import Company, Token, User
from access.policy import System
from access.services import create_agent
from backups.models import Database
from monitoring.alerts.attention import acknowledge_alert
from monitoring.alerts.models import Alert, Channel, Delivery, MaintenanceWindow
from monitoring.alerts.services import open_alert, resolve_alert
from monitoring.expected.lost_agents import alert_lost_agents

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]
SHOTS = os.environ.get("HOLDFAST_TEST_SHOTS")


@pytest.fixture
def furnished(database: Database) -> Alert:
    company = database.company
    channel = Channel.objects.create(
        company=company, name="Operators", recipients=["ops@example.org"]
    )
    Channel.objects.create(company=company, name="Night shift", kind="service", enabled=False)
    said = "pg_dump: error: connection to server failed: " + "a very long reason " * 12
    for key, subject, severity in (
        ("proof.old:1", "orders was not proven to restore for 30 days", "warning"),
        ("storage.full_soon:1", "vault will be full in about 12 days", "warning"),
        ("backup.failed:1", "The backup of orders failed", "critical"),
        ("backup.failed:2", "The backup of billing failed", "critical"),
    ):
        open_alert(
            key=key, company=company, subject=subject, severity=severity, text=said,
            thing=database, url="/dashboard/databases",
        )  # fmt: skip
    resolve_alert(key="backup.failed:2")
    rows = Delivery.objects.filter(channel=channel)
    rows.update(status="sent", attempts=1, sent_at=Now())
    rows.filter(alert__rule="proof.old").update(
        status="failed", attempts=12, error="The mail server refused it: 554 5.7.1 spam"
    )
    found: Alert = Alert.objects.get(key="backup.failed:1")
    return found


def lose_an_agent(company: Company | None) -> None:
    assert company is not None
    past = Now() - timedelta(days=4)
    for name in ("till-porto", "till-lisboa", "recorder-of-the-long-hall-on-the-second-floor"):
        agent, _text = create_agent(name=name, company=company, actor=System("test"))
        if name != "till-lisboa":
            Token.objects.filter(user=agent.user).update(last_used_at=past, created=past)
    alert_lost_agents()


@pytest.mark.exhaustive
def test_every_page_fits_and_nothing_complains(visit: Any, admin: User, furnished: Alert) -> None:
    visitor = visit()
    visitor.let_in(admin)
    channel = Channel.objects.get(name="Operators")
    window = MaintenanceWindow.objects.create(
        company=admin.memberships.get().company,
        begins_at=Now(),
        ends_at=Now() + timedelta(hours=2),
        reason="New disks",
        created_by="ada",
        about=["orders"],
    )
    lose_an_agent(window.company)
    found = []
    for path in (
        "/dashboard/alerts",
        f"/dashboard/alerts/{furnished.pk}",
        "/dashboard/alerts/channels",
        "/dashboard/alerts/channels/new",
        f"/dashboard/alerts/windows/{window.pk}",
        "/dashboard/alerts/agents",
        f"/dashboard/alerts/channels/{channel.pk}",
    ):
        page = visitor.open(path)
        for viewport, theme in visitor.looks():
            if SHOTS:
                name = f"{path.strip('/').replace('/', '-')[10:38]}-{viewport}-{theme}.png"
                page.screenshot(path=str(Path(SHOTS) / name), full_page=True)
            if visitor.is_too_wide():
                found.append((path, viewport, theme))
        assert page.locator("h1").count() == 1, path
    assert found == []


@pytest.mark.exhaustive
def test_the_number_follows_what_is_done_in_another_tab(
    visit: Any, admin: User, operator: User, furnished: Alert
) -> None:
    visitor = visit()
    visitor.let_in(operator)
    page = visitor.open("/dashboard/account")
    number = page.locator("#alerts-waiting")
    expect(number).to_contain_text("3")
    other = visit()
    other.let_in(admin)
    there = other.open("/dashboard/alerts")
    there.get_by_role("button", name="Acknowledge").first.click()
    expect(number).to_contain_text("2")
    expect(there.locator("#alerts-waiting")).to_contain_text("2")
    for key in ("proof.old:1", "storage.full_soon:1", "backup.failed:1"):
        resolve_alert(key=key)
    expect(number).to_be_hidden()
    open_alert(key="disk.reserve:1", company=furnished.company, subject="x")
    expect(number).to_be_visible()
    expect(number).to_contain_text("1")


@pytest.mark.exhaustive
def test_without_sockets_the_number_is_asked_for(
    visit: Any, operator: User, furnished: Alert
) -> None:
    visitor = visit()
    visitor.let_in(operator)
    visitor.page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({}), 0); }"
        " close() {} }; const every = setInterval;"
        " window.setInterval = (work, pause) => every(work, Math.min(pause, 300));"
    )
    page = visitor.open("/dashboard/account")
    expect(page.locator("#alerts-waiting")).to_contain_text("3")
    acknowledge_alert(alert=furnished, actor=operator)
    expect(page.locator("#alerts-waiting")).to_contain_text("2")
