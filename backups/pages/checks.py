"""Asking for a check of a backup's stored bytes, and cancelling it: from the backup's page."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from access.policy import NotAllowed
from backups.checks.requesting import cancel_check, request_check
from backups.errors import BackupError
from backups.models import LevelResult
from backups.pages.permitted import must_have, person, visible_backup
from backups.pages.proof import active_check


@require_POST
def backup_check(request: HttpRequest, backup_id: str) -> HttpResponse:
    user = person(request)
    backup = visible_backup(user, backup_id)
    must_have(user, "backups.check_backup", backup.company)
    level = request.POST.get("level", LevelResult.Level.CONTENT)
    try:
        request_check(backup=backup, actor=user, level=level)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        messages.error(request, str(error))
    return redirect("backups:detail", backup_id=backup.pk)


@require_POST
def backup_check_cancel(request: HttpRequest, backup_id: str) -> HttpResponse:
    """Cancel the check that waits or runs. That it is being cancelled, the page says."""
    user = person(request)
    backup = visible_backup(user, backup_id)
    must_have(user, "backups.cancel_backup", backup.company)
    check = active_check(backup)
    if check is None:
        messages.info(request, _("No check of this backup waits or runs any more."))
        return redirect("backups:detail", backup_id=backup.pk)
    try:
        cancel_check(check=check, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        messages.info(request, str(error))
    return redirect("backups:detail", backup_id=backup.pk)
