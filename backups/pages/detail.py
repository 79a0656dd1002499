"""The page of one backup: its course, what is known of it, and how to restore it without us."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from backups.errors import BackupError
from backups.models import Backup, LevelResult
from backups.pages.course import course_of
from backups.pages.permitted import person, visible_backup
from monitoring.files.description import LineRow
from monitoring.files.history import latest_lines
from monitoring.files.selectors import steps_of

LINES_SHOWN = 200


@require_safe
def backup_detail(request: HttpRequest, backup_id: str) -> HttpResponse:
    user = person(request)
    backup = visible_backup(user, backup_id)
    context = {
        "backup": backup,
        "course": course_of(backup, steps_of(backup.file)),
        "lines": _lines(backup),
        "lines_shown": LINES_SHOWN,
        "polls": not backup.is_over,
        "cure": cure_of(backup),
        "took": backup.completed_at - backup.started_at
        if backup.completed_at and backup.started_at
        else None,
        "checks": _newest_of_each_level(backup),
        "restore": restore_words(backup.manifest),
        "options": backup.options.items(),
        "may_download": user.may("backups.download_backup", backup.company)
        and backup.status == Backup.Status.COMPLETED,
        "may_cancel": user.may("backups.cancel_backup", backup.company) and not backup.is_over,
        "may_create": user.may("backups.add_backup", backup.company),
    }
    live = "X-Live" in request.headers
    template = "backups/detail_live.html" if live else "backups/detail.html"
    return render(request, template, context)


def cure_of(backup: Backup) -> str:
    """What to do about the error, from its class."""
    if not backup.error_code:
        return ""
    known: dict[str, type[BackupError]] = {kind.code: kind for kind in _kinds(BackupError)}
    kind = known.get(backup.error_code)
    return str(kind.cure) if kind else ""


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


def _newest_of_each_level(backup: Backup) -> list[LevelResult]:
    newest: dict[str, LevelResult] = {}
    for result in backup.level_results.order_by("-checked_at", "-id"):
        newest.setdefault(result.level, result)
    return [newest[level] for level in LevelResult.Level.values if level in newest]


def _kinds(base: type[BackupError]) -> list[type[BackupError]]:
    return [base, *(kind for child in base.__subclasses__() for kind in _kinds(child))]
