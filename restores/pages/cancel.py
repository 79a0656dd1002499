"""Cancelling a restore: asked once more on a page of its own, then done.

That it is being cancelled, and by whom, the restore's own page says as long as it is true.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from access.policy import NotAllowed
from backups.errors import NotReady
from backups.pages.permitted import must_have, person
from restores.pages.course import course_of
from restores.pages.permitted import visible_restore
from restores.pages.servers import server_label
from restores.requesting import cancel_restore


@require_http_methods(["GET", "HEAD", "POST"])
def restore_cancel(request: HttpRequest, restore_id: str) -> HttpResponse:
    user = person(request)
    restore = visible_restore(user, restore_id)
    must_have(user, "restores.cancel_restore", restore.company)
    if request.method != "POST":
        if restore.is_over:
            return redirect("restores:detail", restore_id=restore.pk)
        server = server_label(restore.server)
        context = {"restore": restore, "course": course_of(restore), "server": server}
        return render(request, "restores/cancel_confirm.html", context)
    try:
        cancel_restore(restore=restore, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except NotReady as error:
        messages.info(request, str(error))
    return redirect("restores:detail", restore_id=restore.pk)
