"""What the queue calls. A task carries an id and nothing else; the row says the rest."""

import uuid

from backups import queueing
from backups.checks import queueing as checks
from backups.copying import queueing as copying


def run_backup(backup_id: str) -> None:
    queueing.run_backup(backup_id=uuid.UUID(backup_id))


def run_check(check_id: str) -> None:
    checks.run_check(check_id=uuid.UUID(check_id))


def run_copy(copy_id: str) -> None:
    copying.run_copy(copy_id=uuid.UUID(copy_id))
