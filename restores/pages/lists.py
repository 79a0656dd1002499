"""The list of restores, the newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backups.errors import BackupError
from backups.pages.failures import Failure
from backups.pages.permitted import must_have, person
from restores.models import Restore
from restores.pages.course import courses_of
from restores.selectors import Page, awaiting_approval, list_restores

ROWS = 25


@require_safe
def restore_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "restores.view_restore")
    cursor, status = request.GET.get("cursor", ""), request.GET.get("status", "")
    status = status if status in Restore.Status.values else ""
    said = None
    try:
        page = list_restores(actor=user, after=cursor, limit=ROWS, status=status)
    except BackupError as error:
        page, said = Page([], None), Failure(error)
    rows = courses_of(page.results)
    context = {
        "rows": rows,
        "page": page,
        "said": said,
        "cursor": cursor,
        "status": status,
        "statuses": Restore.Status.choices,
        "awaiting": awaiting_approval(actor=user),
        "polls": any(restore.errand for restore, _course in rows)
        or any(course for _restore, course in rows),
    }
    live = "X-Live" in request.headers
    template = "restores/list_rows.html" if live else "restores/list.html"
    return render(request, template, context)
