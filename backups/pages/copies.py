"""The copies of a backup: on its page, where a further one is asked for and ended."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from access.models import User
from access.policy import NotAllowed
from backups.copies import copies_to_read
from backups.copying.description import Count, count_copies, newest_runs
from backups.copying.queueing import ACTIVE
from backups.copying.requesting import cancel_copy, is_at_work_or_whole, request_copy
from backups.errors import BackupError
from backups.models import Backup, Copy
from backups.pages.permitted import must_have, person, visible_backup
from backups.selectors import storage_for
from storage.models import StorageTarget, StoredObject


@dataclass(frozen=True)
class Copies:
    """`runs` are those that wait, run, are to be tried again, or did not end well."""

    count: Count
    stored: list[StoredObject]
    runs: list[Copy]
    offered: list[StorageTarget]
    may_cancel: bool

    @property
    def is_at_work(self) -> bool:
        return any(not run.is_over for run in self.runs)


def copies_of(backup: Backup, user: User) -> Copies:
    stored = copies_to_read(backup)
    newest: dict[Any, Copy] = {}
    for run in newest_runs(backup):
        newest.setdefault(run.target_id, run)
    runs = [run for run in newest.values() if run.status != Backup.Status.COMPLETED]
    return Copies(
        count=count_copies(backup),
        stored=stored,
        runs=runs,
        offered=_offered(backup, user),
        may_cancel=user.may("backups.cancel_backup", backup.company),
    )


def _offered(backup: Backup, user: User) -> list[StorageTarget]:
    """Where a further copy could go."""
    if backup.status != Backup.Status.COMPLETED or not backup.manifest:
        return []
    if not user.may("backups.copy_backup", backup.company):
        return []
    targets = StorageTarget.objects.filter(company=backup.company).order_by("name")
    return [target for target in targets if not is_at_work_or_whole(backup, target)]


@require_POST
def backup_copy(request: HttpRequest, backup_id: str) -> HttpResponse:
    """Ask for one, or with `cancel` end the one that waits or runs."""
    user = person(request)
    backup = visible_backup(user, backup_id)
    must_have(user, "backups.copy_backup", backup.company)
    try:
        if "cancel" in request.POST:
            _cancel(request, backup, user)
        else:
            ref = request.POST.get("storage", "")
            target = storage_for(actor=user, ref=ref, database=backup.database)
            request_copy(backup=backup, target=target, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        messages.error(request, str(error))
    return redirect("backups:detail", backup_id=backup.pk)


def _cancel(request: HttpRequest, backup: Backup, user: User) -> None:
    at_work = backup.copy_runs.filter(status__in=ACTIVE).select_related("company", "file")
    runs = [run for run in at_work if str(run.pk) == request.POST["cancel"]]
    if not runs:
        messages.info(request, _("This copy is over already."))
    for run in runs:
        cancel_copy(copy=run, actor=user)
