"""The page of a storage: how its copies stand, and what lies there and belongs to nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min, Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from access.policy import NotAllowed
from backups.pages.permitted import must_have, person
from backups.rescan.services import PERMISSION
from backups.upkeep.description import MOST_SHOWN, goes_at
from backups.upkeep.orphans import look_now
from look.units import size
from storage.backends import backend_for
from storage.errors import NoSuchTarget, StorageError
from storage.models import Orphan, StorageTarget, StoredObject
from storage.selectors import target_for

SECONDS = 10.0
State = StoredObject.State


@dataclass(frozen=True)
class Row:
    orphan: Orphan
    goes_at: datetime


@require_http_methods(["GET", "HEAD", "POST"])
def storage(request: HttpRequest, target_id: str) -> HttpResponse:
    user = person(request)
    try:
        target = target_for(actor=user, target_id=target_id)
    except NoSuchTarget as error:
        raise Http404(str(error)) from error
    must_have(user, "storage.view_storagetarget", target.company)
    if request.method == "POST":
        must_have(user, PERMISSION, target.company)
        try:
            _look(request, target)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        return redirect("backups:storage", target_id=target.pk)
    orphans = Orphan.objects.filter(target=target)
    context = {
        "target": target,
        **_standing(target),
        "free": _free(target),
        "orphans": [Row(one, goes_at(one)) for one in orphans[:MOST_SHOWN]],
        "orphan_count": orphans.count(),
        "orphan_days": settings.ENVIRONMENT.orphan_days,
        "recheck_days": settings.ENVIRONMENT.recheck_days,
        "may_look": user.may(PERMISSION, target.company),
    }
    return render(request, "backups/storage.html", context)


def _look(request: HttpRequest, target: StorageTarget) -> None:
    user = person(request)
    try:
        walk = look_now(target=target, actor=user, dry_run=False, seconds=SECONDS)
    except StorageError as error:
        messages.error(request, str(error))
        return
    said = ngettext(
        "%(count)d file belongs to nothing (%(size)s).",
        "%(count)d files belong to nothing (%(size)s).",
        walk.found,
    ) % {"count": walk.found, "size": size(walk.bytes)}
    if not walk.complete:
        said += " " + _("There are more files than could be looked at now; that goes on by itself.")
    messages.success(request, said)


def _standing(target: StorageTarget) -> dict[str, Any]:
    rows = StoredObject.objects.filter(target=target).exclude(state=State.DELETED)
    lost = rows.exclude(state=State.STORED).select_related("target").prefetch_related("backups")
    found: dict[str, Any] = rows.aggregate(
        count=Count("pk"),
        bytes=Sum("size"),
        oldest=Min("checked_at"),
        never=Count("pk", filter=Q(checked_at=None)),
    )
    return {**found, "lost": list(lost.order_by("-checked_at")[:50])}


def _free(target: StorageTarget) -> int | None:
    try:
        return backend_for(target).free_bytes()
    except StorageError:
        return None
