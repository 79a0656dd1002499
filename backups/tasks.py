"""What the queue calls. A task carries an id and nothing else; the row says the rest."""

import uuid

from backups import queueing


def run_backup(backup_id: str) -> None:
    queueing.run_backup(backup_id=uuid.UUID(backup_id))
