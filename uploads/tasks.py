"""What the queue calls. A task carries an id and nothing else; the row says the rest."""

import uuid

from uploads import queueing


def store_upload(session_id: str) -> None:
    queueing.store_upload(session_id=uuid.UUID(session_id))
