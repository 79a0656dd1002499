"""Alerts and channels in a browser: every page fits, nothing complains, and they can be used."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now

from access.models import User
from backups.models import Database
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.services import open_alert, resolve_alert

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


def test_every_page_fits_and_nothing_complains(visit: Any, admin: User, furnished: Alert) -> None:
    visitor = visit()
    visitor.let_in(admin)
    channel = Channel.objects.get(name="Operators")
    found = []
    for path in (
        "/dashboard/alerts",
        f"/dashboard/alerts/{furnished.pk}",
        "/dashboard/alerts/channels",
        "/dashboard/alerts/channels/new",
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
