"""The Django admin in a browser: every page opens under its policy without a complaint."""

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.urls import reverse
from playwright.sync_api import expect

from access.models import User
from backups.models import Database
from monitoring.heartbeats.services import beat
from tests.browser.conftest import PHONE, WIDE
from tests.cast import make_backup

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("browser")]

OURS = {"access", "storage", "monitoring", "backups", "django_q"}


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("viewport", "theme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide-light", "phone-dark"]
)
def test_every_page_opens_and_nothing_complains(
    visit: Any, superuser: User, database: Database, viewport: dict[str, int], theme: str
) -> None:
    make_backup(database)
    beat(name="tick")
    visitor = visit(viewport=viewport, theme=theme)
    visitor.let_in(superuser)
    visitor.open("/admin/")
    for model in django_admin.site._registry:
        if model._meta.app_label not in OURS:
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        visitor.open(reverse(f"{name}_changelist"))
        row = model._default_manager.first()
        if row is not None:
            visitor.open(reverse(f"{name}_change", args=[row.pk]))


def test_badges_are_those_of_the_dashboard(visit: Any, superuser: User, database: Database) -> None:
    make_backup(database)
    visitor = visit(theme="dark")
    visitor.let_in(superuser)
    page = visitor.open("/dashboard/backup")
    colour = "element => getComputedStyle(element).backgroundColor"
    there = page.locator(".badge.good").evaluate(colour)
    page = visitor.open("/admin/backups/backup/")
    badge = page.locator(".badge.good")
    expect(badge).to_have_text("Good")
    assert badge.evaluate(colour) == there
