"""A mail server that does as it is told, and a channel to it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import LazySettings

from monitoring.alerts.models import Channel
from tests.cast import admin, agent, company, login, operator, stranger, superuser, viewer
from tests.monitoring.alerts.mailserver import MailServer, mail_server
from tests.monitoring.live.conftest import listening

__all__ = [
    "admin",
    "agent",
    "company",
    "listening",
    "login",
    "operator",
    "stranger",
    "superuser",
    "viewer",
]


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def channel(db: None, mail: MailServer, settings: LazySettings) -> Channel:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, alert_inner_hosts=True)
    made = Channel(name="Ops", recipients=["ops@example.org"])
    made.address = mail.url
    made.save()
    return made
