"""How much a sender may send: in a file, at once, in a day. And whether there is room."""

import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import User
from access.policy import Actor, require
from uploads.errors import NoRoom, TooLarge, TooMany
from uploads.models import Allowance, UploadSession
from uploads.states import OVER, Status

MB = 1 << 20
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Quota:
    """In bytes, and sessions; a limit of None is none. A day is the last 24 hours."""

    most_bytes: int
    most_open: int
    most_bytes_a_day: int | None
    open: int
    bytes_today: int
    deletes_recordings: bool


def quota_of(user: User) -> Quota:
    return quotas_of([user])[user.pk]


def general_quota() -> Quota:
    """What the installation allows a sender of whom nothing else is said."""
    return _quota(Allowance(), {})


def quotas_of(users: Collection[User]) -> dict[int, Quota]:
    """By the key of the user; in two queries, however many they are."""
    allowances = {one.user_id: one for one in Allowance.objects.filter(user__in=users)}
    sent = Q(created_at__gt=Now() - DAY) & ~Q(status__in=[Status.FAILED, Status.EXPIRED])
    rows = UploadSession.objects.filter(created_by__in=users).values("created_by").order_by()
    used = {
        row["created_by"]: row
        for row in rows.annotate(
            open=Count("pk", filter=~Q(status__in=OVER)), today=Sum("file_size", filter=sent)
        )
    }
    return {
        user.pk: _quota(allowances.get(user.pk) or Allowance(user=user), used.get(user.pk, {}))
        for user in users
    }


def _quota(own: Allowance, used: Mapping[str, Any]) -> Quota:
    environment = settings.ENVIRONMENT
    day_mb = _first(own.most_mb_a_day, environment.uploads_day_mb or None)
    return Quota(
        most_bytes=(_first(own.most_mb, environment.upload_most_mb) or 0) * MB,
        most_open=_first(own.most_open, environment.uploads_open) or 0,
        most_bytes_a_day=None if day_mb is None else day_mb * MB,
        open=used.get("open") or 0,
        bytes_today=used.get("today") or 0,
        deletes_recordings=own.deletes_recordings,
    )


def allowance_of(user: User) -> Allowance:
    """What was said of this sender alone; all of it empty where nothing was."""
    return Allowance.objects.filter(user=user).first() or Allowance(user=user)


@transaction.atomic
def allow(*, user: User, actor: Actor, **wanted: int | bool | None) -> Allowance:
    """Change what a sender is allowed: `most_mb`, `most_open`, `most_mb_a_day` (None: as the
    installation has it), `deletes_recordings`. Raises NotAllowed."""
    require(actor, "uploads.change_allowance")
    companies = [one.company for one in user.memberships.select_related("company")]
    for company in companies:
        require(actor, "uploads.change_allowance", company)
    allowance, _made = Allowance.objects.update_or_create(user=user, defaults=wanted)
    audit.record(
        actor=actor,
        action="upload.allowance_changed",
        thing=allowance,
        company=companies[0] if companies else None,
        changes=dict(wanted),
    )
    return allowance


def require_quota(*, actor: Actor, file_size: int) -> None:
    """Raises TooLarge or TooMany. Call it holding the sender's row: two must not both fit."""
    if not isinstance(actor, User):
        return
    quota = quota_of(actor)
    if file_size > quota.most_bytes:
        words = _("Files of at most %(most)d MB are taken.")
        raise TooLarge(words % {"most": quota.most_bytes // MB}, most_bytes=quota.most_bytes)
    if quota.open >= quota.most_open:
        words = _("%(count)d uploads are open; finish or end one of them first.")
        raise TooMany(words % {"count": quota.open}, most_open=quota.most_open)
    day = quota.most_bytes_a_day
    if day is not None and quota.bytes_today + file_size > day:
        words = _("That is more than the %(most)d MB that you may send in a day.")
        error = TooMany(words % {"most": day // MB}, most_bytes_a_day=day)
        error.retry_after = 3600
        raise error


def require_room(folder: Path, wanted: int) -> None:
    """Raises NoRoom below the reserve that keeps the installation itself alive."""
    reserve: int = settings.ENVIRONMENT.disk_reserve_mb * MB
    if shutil.disk_usage(folder).free < wanted + reserve:
        raise NoRoom(_("There is too little room on this machine for the file."))


def _first(own: int | None, general: int | None) -> int | None:
    return general if own is None else own
