"""The page of one restore: its course, what was looked at, and what came of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from backups.pages.failures import cure_of
from backups.pages.permitted import person
from backups.pages.proof import MOST_DIFFERENCES
from monitoring.files.description import LineRow
from monitoring.files.history import latest_lines
from monitoring.files.selectors import steps_of
from restores.models import Restore
from restores.outcome import MOST_KEPT
from restores.pages.acts import ACTS
from restores.pages.chosen import chosen
from restores.pages.course import course_of
from restores.pages.looked import looked_at_then
from restores.pages.permitted import visible_restore
from restores.pages.servers import server_label

LINES_SHOWN = 200
MOST_COUNTED = 100


@require_safe
def restore_detail(request: HttpRequest, restore_id: str) -> HttpResponse:
    user = person(request)
    restore = visible_restore(user, restore_id)
    context = {
        "restore": restore,
        "course": course_of(restore, steps_of(restore.file)),
        "chosen": list(chosen(restore.options, is_outside=restore.received_id is not None)),
        "lines": _lines(restore),
        "lines_shown": LINES_SHOWN,
        "cure": cure_of(restore.error_code),
        "differing": {
            "differences": restore.differences[:MOST_DIFFERENCES],
            "more": max(0, len(restore.differences) - MOST_DIFFERENCES),
            "more_are_known": len(restore.differences) < MOST_KEPT,
        },
        "took": restore.completed_at - restore.started_at
        if restore.completed_at and restore.started_at
        else None,
        "server": server_label(restore.server),
        "looked": looked_at_then(restore.preflight),
        "was_compared": "fingerprints" not in {one["code"] for one in restore.preflight},
        "counted": sorted(restore.counted.items())[:MOST_COUNTED],
        "more_counted": max(0, len(restore.counted) - MOST_COUNTED),
        "acts": [act for act in ACTS if act.is_for(user, restore)],
        "may_cancel": user.may("restores.cancel_restore", restore.company) and not restore.is_over,
        "may_restore": user.may("restores.add_restore", restore.company) and restore.is_over,
        "may_back_up": user.may("backups.add_backup", restore.company),
    }
    live = "X-Live" in request.headers
    template = "restores/detail_live.html" if live else "restores/detail.html"
    return render(request, template, context)


def _lines(restore: Restore) -> list[LineRow]:
    if restore.file is None:
        return []
    return latest_lines(file_id=restore.file.pk, most=LINES_SHOWN)
