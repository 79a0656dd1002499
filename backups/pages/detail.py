"""The page of one backup: its course, what is known of it, and how to restore it without us."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backups.models import Backup
from backups.pages.copies import copies_of
from backups.pages.course import course_of
from backups.pages.failures import cure_of
from backups.pages.permitted import person, visible_backup
from backups.pages.proof import checks_of, proof_of, standing_since
from monitoring.files.description import LineRow
from monitoring.files.history import latest_lines
from monitoring.files.selectors import steps_of

LINES_SHOWN = 200


@require_safe
def backup_detail(request: HttpRequest, backup_id: str) -> HttpResponse:
    user = person(request)
    backup = visible_backup(user, backup_id)
    checks, proof = checks_of(backup, user), proof_of(backup)
    copies = copies_of(backup, user)
    context = {
        "backup": backup,
        "course": course_of(backup, steps_of(backup.file)),
        "lines": _lines(backup),
        "lines_shown": LINES_SHOWN,
        "polls": not backup.is_over or checks.active is not None or copies.is_at_work,
        "cure": cure_of(backup.error_code),
        "took": backup.completed_at - backup.started_at
        if backup.completed_at and backup.started_at
        else None,
        "checks": checks,
        "copies": copies,
        "proof": proof,
        "standing_since": standing_since(backup, proof),
        "restore": restore_words(backup.manifest),
        "options": backup.options.items(),
        "may_download": user.may("backups.download_backup", backup.company)
        and backup.status == Backup.Status.COMPLETED,
        "may_cancel": user.may("backups.cancel_backup", backup.company) and not backup.is_over,
        "may_restore": user.may("restores.add_restore", backup.company)
        and backup.status == Backup.Status.COMPLETED
        and not backup.options.get("data_only"),
        "may_create": user.may("backups.add_backup", backup.company),
    }
    live = "X-Live" in request.headers
    template = "backups/detail_live.html" if live else "backups/detail.html"
    return render(request, template, context)


def restore_words(manifest: dict[str, Any] | None) -> dict[str, Any]:
    """The manifest's own commands, what they need, and whose keys open the artifact."""
    restore = (manifest or {}).get("restore") or {}
    artifact = (manifest or {}).get("artifact") or {}
    # The ephemeral key is gone with the worker that held it, and is not named.
    words = {"installation": _("installation key"), "recovery": _("recovery key")}
    roles = [recipient["role"] for recipient in artifact.get("recipients", [])]
    return {
        "needs": restore.get("needs", []),
        "commands": restore.get("commands", []),
        "readers": [words[role] for role in roles if role in words],
    }


def _lines(backup: Backup) -> list[LineRow]:
    if backup.file is None:
        return []
    return latest_lines(file_id=backup.file.pk, most=LINES_SHOWN)
