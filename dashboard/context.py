"""What the frame around every page shows: navigation, who is here, and whether it is watched."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import Membership, User
from backups.recovery.state import may_manage
from dashboard.health import TICK, TICK_STALE_AFTER
from look.units import age, duration
from monitoring.alerts.selectors import count_open
from monitoring.heartbeats.services import ages
from monitoring.notices.models import Notice
from monitoring.notices.selectors import holding, notices_for

MOST_NOTICES = 20


@dataclass(frozen=True)
class Entry:
    """One line of the navigation; `alarms` counts what needs attention, where that is counted."""

    name: str | Promise
    url: str
    icon: str
    current: bool
    alarms: int | None = None


@dataclass(frozen=True)
class Watcher:
    alive: bool
    text: str


@dataclass(frozen=True)
class _Place:
    name: str | Promise
    route: str
    icon: str
    allowed: Callable[[User], bool]
    # The page is part of this place when its route's name begins so.
    begins: tuple[str, ...]
    alarms: Callable[[User], int | None] = lambda _user: None


_PLACES = (
    _Place(
        gettext_lazy("Overview"),
        "dashboard:overview",
        "overview",
        lambda user: user.may("backups.view_database"),
        ("dashboard:overview",),
    ),
    _Place(
        gettext_lazy("Databases"),
        "backups:databases",
        "database",
        lambda user: user.may("backups.view_database"),
        ("backups:database", "backups:cleanup"),
    ),
    _Place(
        gettext_lazy("Schedules"),
        "backups:schedules",
        "clock",
        lambda user: user.may("backups.view_backupschedule"),
        ("backups:schedule",),
    ),
    _Place(
        gettext_lazy("Backups"),
        "backups:list",
        "backup",
        lambda user: user.may("backups.view_backup"),
        ("backups:list", "backups:detail"),
    ),
    _Place(
        gettext_lazy("Expected"),
        "dashboard:expected",
        "expected",
        lambda user: user.may("backups.view_database"),
        ("dashboard:expected",),
    ),
    _Place(
        gettext_lazy("Restores"),
        "restores:list",
        "restore",
        lambda user: user.may("restores.view_restore"),
        ("restores:",),
    ),
    _Place(
        gettext_lazy("Alerts"),
        "alerts:list",
        "bell",
        lambda user: user.may("monitoring.view_alert"),
        ("alerts:",),
        lambda user: count_open(actor=user),
    ),
    _Place(
        gettext_lazy("Recordings"),
        "uploads:recordings",
        "video",
        lambda user: user.may("uploads.view_recording"),
        ("uploads:recording", "uploads:retention"),
    ),
    _Place(
        gettext_lazy("Uploads"),
        "uploads:list",
        "upload",
        lambda user: user.may("uploads.view_uploadsession"),
        ("uploads:list", "uploads:act", "uploads:sender"),
    ),
    _Place(
        gettext_lazy("Recovery key"),
        "backups:recovery-key",
        "key",
        may_manage,
        ("backups:recovery-key", "controlplane:"),
    ),
    _Place(
        gettext_lazy("Audit"),
        "access:audit",
        "audit",
        lambda user: user.may("access.view_auditentry"),
        ("access:audit",),
    ),
    _Place(
        gettext_lazy("Notices"),
        "notices:list",
        "info",
        lambda user: user.may("monitoring.add_notice"),
        ("notices:",),
    ),
    _Place(
        gettext_lazy("Account"), "access:account", "person", lambda _user: True, ("access:account",)
    ),
    _Place(gettext_lazy("Administration"), "admin:index", "admin", lambda user: user.is_staff, ()),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """The context processor: nothing is asked until a page with a frame asks."""
    return {"frame": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    known = user if isinstance(user, User) else None
    return {
        "navigation": _navigation(request, known) if known else [],
        "who": _who(known) if known else "",
        "watcher": _watcher(),
        "version": settings.VERSION,
        "notices": _notices(known) if known else [],
    }


def _navigation(request: HttpRequest, user: User) -> list[Entry]:
    match = request.resolver_match
    here = match.view_name if match else ""
    return [
        Entry(
            name=place.name,
            url=reverse(place.route),
            icon=place.icon,
            current=bool(place.begins) and here.startswith(place.begins),
            alarms=place.alarms(user),
        )
        for place in _PLACES
        if place.allowed(user)
    ]


def _notices(user: User) -> list[Notice]:
    try:
        return list(holding(notices_for(user)).order_by("id")[:MOST_NOTICES])
    except DatabaseError:
        return []


def _who(user: User) -> str:
    """The person's name, with company and role when there is only one membership."""
    memberships = list(Membership.objects.filter(user=user).select_related("company")[:2])
    if len(memberships) == 1:
        where = memberships[0]
        return f"{user.get_username()} · {where.company.name} · {where.get_role_display()}"
    if user.is_superuser:
        return f"{user.get_username()} · {_('all companies')}"
    return user.get_username()


def _watcher() -> Watcher:
    try:
        last: timedelta | None = ages().get(TICK)
    except DatabaseError:
        last = None
    if last is None:
        return Watcher(alive=False, text=_("The watcher has not run yet"))
    if last > TICK_STALE_AFTER:
        return Watcher(
            alive=False, text=_("Watcher silent for %(time)s") % {"time": duration(last)}
        )
    return Watcher(alive=True, text=_("Watcher alive, %(age)s") % {"age": age(last)})
