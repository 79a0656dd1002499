"""What can go wrong with bytes that come in: stable codes, as for backups.

`facts` stand in the answer beside the sentence; `retry_after`, in seconds, in its header.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from backups.errors import BackupError


class UploadError(BackupError):
    code = "upload_refused"
    status = 409
    retry_after: int | None = None

    def __init__(self, message: str | Promise, **facts: Any) -> None:
        super().__init__(message)
        self.facts = facts


class NoSession(UploadError):
    code = "not_found"
    status = 404


class NoJob(UploadError):
    code = "unknown_job"
    status = 404


class Over(UploadError):
    """The session takes no bytes any more."""

    code = "session_over"


class Gone(UploadError):
    code = "session_expired"
    status = 410


class WrongOffset(UploadError):
    code = "wrong_offset"


class Incomplete(UploadError):
    code = "incomplete"
    cure = _("Send what is missing, from `bytes_received` on.")


class TakenOver(UploadError):
    """A newer request writes: this one has saved what it had."""

    code = "taken_over"


class Busy(UploadError):
    code = "busy"
    status = 423
    retry_after = 5


class TooLarge(UploadError):
    code = "too_large"
    status = 413


class TooMany(UploadError):
    code = "quota_exceeded"
    status = 429
    retry_after = 60


class WrongType(UploadError):
    code = "unsupported_type"
    status = 415


class WrongContent(UploadError):
    """The bytes are not what they were said to be."""

    code = "wrong_content"
    status = 422


class DigestDiffers(WrongContent):
    code = "sha256_differs"


class ChecksumDiffers(UploadError):
    """A chunk is not what its sender read (tus checksum extension)."""

    code = "checksum_mismatch"
    status = 460


class NoRoom(UploadError):
    code = "disk_full"
    status = 507
    retry_after = 60
    cure = _("Make room on the server, or lower HOLDFAST_DISK_RESERVE_MB.")


class TooSlow(UploadError):
    code = "idle_timeout"
    status = 408


class BadRequest(UploadError):
    code = "bad_request"
    status = 400
