"""Ending what is at work for a backup, whichever it is: its own run, a check of it, or a copy."""

from access.policy import Actor
from backups.checks.requesting import cancel_check
from backups.copying.requesting import cancel_copy
from backups.models import Backup, Check, Copy
from backups.services import ACTIVE, cancel_backup


def cancel_work(*, backup: Backup, actor: Actor) -> Backup | Check | Copy:
    """Which one it was. Raises NotAllowed, or NotReady when nothing is at work."""
    if not backup.is_over:
        cancel_backup(backup=backup, actor=actor)
        return backup
    check: Check | None = (
        backup.checks.filter(status__in=ACTIVE).select_related("company", "file").first()
    )
    if check is not None:
        cancel_check(check=check, actor=actor)
        return check
    copy: Copy | None = (
        backup.copy_runs.filter(status__in=ACTIVE).select_related("company", "file").first()
    )
    if copy is not None:
        cancel_copy(copy=copy, actor=actor)
        return copy
    cancel_backup(backup=backup, actor=actor)
    return backup
