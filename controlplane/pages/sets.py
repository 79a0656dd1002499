"""The page of Holdfast's own backup: how old it is, what is wrong, and how to recover by it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from backups.errors import BackupError
from backups.keyring import RECOVERY_FILE
from backups.naming import ITSELF
from backups.pages.permitted import person
from backups.recovery.state import may_manage
from controlplane.models import ControlSet
from controlplane.selectors import OLDEST, kept_sets, own_target, recent_sets, standing
from controlplane.services import KEPT, request_set
from storage.models import StorageTarget


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sets(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not may_manage(user):
        raise PermissionDenied
    if request.method == "POST":
        try:
            request_set(actor=user)
        except BackupError as error:
            messages.error(request, f"{error} {error.cure}".strip())
        else:
            messages.success(request, _("It waits for a worker; this takes seconds."))
        return redirect("controlplane:sets")
    rows = list(recent_sets())
    newest = kept_sets().first()
    place = newest.target if newest else own_target()
    return render(
        request,
        "controlplane/sets.html",
        {
            "standing": standing(),
            "rows": rows,
            "under_way": any(row.status in _UNDER_WAY for row in rows),
            "days": OLDEST.days,
            "kept": KEPT,
            "target": place,
            "fetch": fetching(place) if place else "",
            "folder": (place.options.get("folder") if place else "") or "FOLDER",
            "file": RECOVERY_FILE,
        },
    )


def fetching(place: StorageTarget) -> str:
    """How the sets come from a bucket into a folder, by the tool that most people have."""
    if place.kind != StorageTarget.Kind.S3:
        return ""
    options = place.options
    way = "/".join(filter(None, [options["bucket"], options["prefix"], ITSELF]))
    endpoint = f" --endpoint-url {options['endpoint']}" if options["endpoint"] else ""
    return f"aws s3 sync s3://{way} FOLDER/{ITSELF}{endpoint}"


_UNDER_WAY = (ControlSet.Status.PENDING, ControlSet.Status.RUNNING)
