"""The states of an upload session and the moves between them: one table, no other way."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    CREATED = "created", _("Created")
    UPLOADING = "uploading", _("Uploading")
    UPLOADED = "uploaded", _("Uploaded")
    FINALIZING = "finalizing", _("Finalizing")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


# Bytes may come, and time may run out.
RECEIVING = (Status.CREATED, Status.UPLOADING, Status.UPLOADED)
OVER = (Status.COMPLETED, Status.FAILED, Status.EXPIRED)

MOVES: dict[Status, tuple[Status, ...]] = {
    Status.CREATED: (Status.UPLOADING, Status.UPLOADED, Status.FAILED, Status.EXPIRED),
    Status.UPLOADING: (Status.UPLOADED, Status.FAILED, Status.EXPIRED),
    # Another body than the first one begins anew.
    Status.UPLOADED: (Status.UPLOADING, Status.FINALIZING, Status.FAILED, Status.EXPIRED),
    Status.FINALIZING: (Status.COMPLETED, Status.FAILED),
    # What could not be stored is tried again while its bytes are here.
    Status.FAILED: (Status.FINALIZING,),
    Status.COMPLETED: (),
    Status.EXPIRED: (),
}


def before(status: Status) -> tuple[Status, ...]:
    """The states from which this one is reached."""
    return tuple(one for one, following in MOVES.items() if status in following)
