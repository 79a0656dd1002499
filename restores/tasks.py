"""What the queue calls. A task carries an id and nothing else; the row says the rest."""

import uuid

from restores import queueing
from restores.kept import errands


def run_restore(restore_id: str) -> None:
    queueing.run_restore(restore_id=uuid.UUID(restore_id))


def run_errand(restore_id: str) -> None:
    errands.run_errand(restore_id=uuid.UUID(restore_id))
