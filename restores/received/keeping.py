"""What an upload leaves of a file from elsewhere: the same bytes by a name of ours, and a row."""

import os
from pathlib import Path

from django.db.models.functions import Now

from access import audit
from faults import reach
from restores.received.models import ReceivedFile
from restores.received.places import folder, place_of
from restores.received.services import KEPT
from uploads.ingest.staging import sync_folder
from uploads.models import UploadSession


def keep_received(session: UploadSession, path: Path) -> None:
    """The staging file is the received one: a second name, and its row.

    Called in the transaction that ends the session, while the file is locked: without a lock
    and a row the tick would remove it.
    """
    place = place_of(session.result_id)
    if not place.exists():
        os.link(path, place)
        sync_folder(folder())
    reach("upload.linked")
    file = ReceivedFile.objects.create(
        pk=session.result_id,
        company=session.company,
        name=session.file_name,
        size=session.file_size,
        sha256=session.sha256,
        created_by=session.created_by,
        expires_at=Now() + KEPT,
    )
    assert session.created_by is not None
    audit.record(
        actor=session.created_by,
        action="restore.file_received",
        thing=file,
        company=session.company,
        changes={"size": file.size, "sha256": file.sha256},
    )
