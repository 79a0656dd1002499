"""This machine's disk: told when what is free falls below the reserve, and no run begins."""

import shutil

from django.conf import settings
from django.utils.translation import gettext as _

from look.units import size
from monitoring.alerts.models import Alert
from monitoring.alerts.services import Fact, settle


def alert_full_disk() -> None:
    """Of the data folder, by the machine of the tick."""
    reserve = settings.ENVIRONMENT.disk_reserve_mb << 20
    free = shutil.disk_usage(settings.PLACES.data).free
    facts = []
    if free < reserve:
        facts.append(
            Fact(
                key="disk.reserve",
                company=None,
                severity=Alert.Severity.CRITICAL,
                subject=_("Holdfast's own disk is full: no run begins"),
                # Not to the byte: that would be another text each minute.
                text=_("Less than the reserve of %(reserve)s is free in %(folder)s.")
                % {"reserve": size(reserve), "folder": settings.PLACES.data},
            )
        )
    settle(rule="disk.reserve", facts=facts)
