"""What the queue calls: a task carries an id, and the row says the rest."""

import uuid

from controlplane.services import run_set


def make_control_set(set_id: str) -> None:
    run_set(set_id=uuid.UUID(set_id))
