"""Cancelling a backup: asked once more on a page of its own, then done.

That it is being cancelled, and by whom, the backup's own page says as long as it is true.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from access.policy import NotAllowed
from backups.errors import NotReady
from backups.pages.course import course_of
from backups.pages.permitted import must_have, person, visible_backup
from backups.services import cancel_backup


@require_http_methods(["GET", "HEAD", "POST"])
def backup_cancel(request: HttpRequest, backup_id: str) -> HttpResponse:
    user = person(request)
    backup = visible_backup(user, backup_id)
    must_have(user, "backups.cancel_backup", backup.company)
    if request.method != "POST":
        if backup.is_over:
            return redirect("backups:detail", backup_id=backup.pk)
        context = {"backup": backup, "course": course_of(backup)}
        return render(request, "backups/cancel_confirm.html", context)
    try:
        cancel_backup(backup=backup, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except NotReady as error:
        messages.info(request, str(error))
    return redirect("backups:detail", backup_id=backup.pk)
