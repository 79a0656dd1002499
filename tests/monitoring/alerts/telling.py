"""Channels, and alerts told to them, in few words."""

from datetime import datetime, timedelta
from typing import Any

from access.models import Company
from monitoring.alerts.models import Alert, Channel, Delivery
from monitoring.alerts.routing import database_now
from monitoring.alerts.services import open_alert

KEY = "backup.failed:orders"


def to(name: str, company: Company | None = None, **values: Any) -> Channel:
    made: Channel = Channel.objects.create(
        name=name, company=company, recipients=["ops@example.org"], **values
    )
    return made


def tell(company: Company | None, *, key: str = KEY, **said: Any) -> Alert:
    return open_alert(key=key, company=company, subject="orders", **said)


def told(**which: Any) -> list[tuple[str, str, str]]:
    rows = Delivery.objects.filter(**which).order_by("pk")
    return list(rows.values_list("channel_name", "kind", "status"))


def ago(**span: float) -> datetime:
    return database_now() - timedelta(**span)
