"""The standard stages of each kind of file, in order, with their part of the whole."""

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    BACKUP = "backup", _("Backup")
    RESTORE = "restore", _("Restore")
    UPLOAD = "upload", _("Upload")
    DOWNLOAD = "download", _("Download")
    DRILL = "drill", _("Restore drill")
    COPY = "copy", _("Copy")
    DEPOSIT = "deposit", _("Deposit")


class Origin(models.TextChoices):
    """Where a file came from, exactly; the documented `sourceType` knows only three of them."""

    DATABASE = "database", _("Database")
    STORED = "stored", _("Stored backup")
    LOCAL = "local", _("Local path")
    UPLOAD = "upload", _("Upload")
    GOOGLE_DRIVE = "google_drive", _("Google Drive")
    URL = "url", _("Address")
    S3 = "s3", _("S3")
    MEDIA = "media", _("Media page")


@dataclass(frozen=True)
class StandardStage:
    """`weight` in percent of the whole; `stall_seconds` without a sign of life end the run."""

    key: str
    name: str | Promise
    description: str | Promise
    weight: int
    stall_seconds: int = 300


_FINISH = StandardStage("finalize", _("Finish"), _("Register, and report"), 5, 120)
_INCOMING = (
    StandardStage("receive", _("Receive"), _("The file comes in"), 70, 600),
    StandardStage("validate", _("Check"), _("Size, sha256 and content"), 10),
    StandardStage("store", _("Store"), _("Make the bytes durable and name them"), 15),
    _FINISH,
)

STAGES: dict[str, tuple[StandardStage, ...]] = {
    Kind.BACKUP: (
        # A server with very many tables is silent for minutes before the first byte.
        StandardStage("dump", _("Dump"), _("Read, encrypt and write in one pass"), 70, 900),
        StandardStage("store", _("Store"), _("Make the bytes durable and name them"), 5),
        StandardStage("validate", _("Check"), _("Read back what was stored, to its end"), 20),
        StandardStage("finalize", _("Finish"), _("Register the backup"), 5, 120),
    ),
    Kind.RESTORE: (
        StandardStage("receive", _("Receive"), _("The file comes in"), 20, 600),
        StandardStage("validate", _("Check"), _("Format and integrity"), 10),
        StandardStage("restore", _("Restore"), _("Bring it into the database"), 65, 900),
        StandardStage("finalize", _("Finish"), _("Configure and register the database"), 5),
    ),
    Kind.UPLOAD: _INCOMING,
    Kind.DOWNLOAD: _INCOMING,
    Kind.DEPOSIT: _INCOMING,
    Kind.DRILL: (
        StandardStage("fetch", _("Fetch"), _("Read the stored bytes"), 15),
        StandardStage("restore", _("Restore"), _("Into a throw-away server"), 60, 900),
        StandardStage("compare", _("Compare"), _("Every fingerprint with the source's"), 20, 900),
        _FINISH,
    ),
    Kind.COPY: (
        StandardStage("read", _("Read"), _("The first copy, checked on the way"), 10),
        StandardStage("store", _("Store"), _("Make the bytes durable and name them"), 60),
        StandardStage("validate", _("Check"), _("Read back what was stored, to its end"), 25),
        _FINISH,
    ),
}


# A check that restores nothing has these alone of a drill's.
READING = ("fetch", "finalize")


def standard_stage(kind: str, key: str) -> StandardStage:
    return next(stage for stage in STAGES[kind] if stage.key == key)
