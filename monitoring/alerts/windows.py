"""Verbs on maintenance windows. Without a company they are of all: for superusers."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from access import audit
from access.models import Company
from access.policy import Actor
from monitoring.alerts.channels import require_over
from monitoring.alerts.errors import BadOption, NoSuchWindow
from monitoring.alerts.models import MaintenanceWindow
from monitoring.alerts.outbox import reschedule

# A window that nobody ends must not silence an installation for ever.
LONGEST = timedelta(days=31)
FIELDS = ("begins_at", "ends_at", "about", "reason")


@transaction.atomic
def add_window(
    *,
    company: Company | None,
    begins_at: datetime,
    ends_at: datetime,
    actor: Actor,
    about: list[str] | None = None,
    reason: str = "",
) -> MaintenanceWindow:
    """Nothing is sent in it, of all or of what is named. Raises NotAllowed, BadOption."""
    require_over(actor, "monitoring.add_maintenancewindow", company)
    window = MaintenanceWindow(
        company=company,
        begins_at=begins_at,
        ends_at=ends_at,
        about=about or [],
        reason=reason,
        created_by=actor.get_username()[:200],
    )
    _check(window)
    window.save(force_insert=True)
    reschedule(company)
    audit.record(actor=actor, action="maintenance.added", thing=window, company=company)
    return window


@transaction.atomic
def change_window(*, window: MaintenanceWindow, actor: Actor, **values: Any) -> MaintenanceWindow:
    """What waits for its end waits for the new one. Raises NotAllowed, BadOption, NoSuchWindow."""
    require_over(actor, "monitoring.change_maintenancewindow", window.company)
    locked = _locked(window)
    for name, value in values.items():
        if name not in FIELDS:
            raise BadOption(name, _("There is no field of this name."))
        setattr(locked, name, value)
    _check(locked)
    locked.save(update_fields=FIELDS)
    reschedule(locked.company)
    audit.record(
        actor=actor,
        action="maintenance.changed",
        thing=locked,
        company=locked.company,
        changes={name: str(value) for name, value in sorted(values.items())},
    )
    return locked


@transaction.atomic
def end_window(*, window: MaintenanceWindow, actor: Actor) -> None:
    """What waits for its end is sent now. Raises NotAllowed, NoSuchWindow."""
    require_over(actor, "monitoring.delete_maintenancewindow", window.company)
    locked = _locked(window)
    audit.record(actor=actor, action="maintenance.ended", thing=locked, company=locked.company)
    locked.delete()
    reschedule(window.company)


def _check(window: MaintenanceWindow) -> None:
    if window.ends_at <= window.begins_at:
        raise BadOption("ends_at", _("It has to end after it begins."))
    if window.ends_at - window.begins_at > LONGEST:
        raise BadOption("ends_at", _("A window lasts %d days at the most.") % LONGEST.days)


def _locked(window: MaintenanceWindow) -> MaintenanceWindow:
    rows = MaintenanceWindow.objects.select_for_update(of=("self",)).select_related("company")
    found: MaintenanceWindow | None = rows.filter(pk=window.pk).first()
    if found is None:
        raise NoSuchWindow(_("There is no such maintenance window."))
    return found
