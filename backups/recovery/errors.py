"""What can go wrong around the recovery key: each a `BackupError` with a stable code."""

from django.utils.translation import gettext_lazy as _

from backups.errors import BackupError


class Refused(BackupError):
    """It is not the time for this, or not the place."""

    status = 409


class KeyGone(Refused):
    """The secret half is not on this server (any more)."""

    code = "recovery_key_gone"
    status = 410
    cure = _("Use the copy that you keep. Is there none, make new keys and new backups at once.")


class NotTried(Refused):
    """The step before this one has not been done."""

    code = "recovery_key_not_tried"


class AlreadyTried(Refused):
    code = "recovery_key_tried"
    cure = _("On the server itself: manage.py recovery_key export FILE")


class WrongAnswer(BackupError):
    """The phrase, or the password, is not the right one."""

    code = "wrong_answer"
    status = 403


class ChallengeExpired(BackupError):
    code = "challenge_expired"
    status = 410
    cure = _("Decrypt the new text.")


class TooManyTries(Refused):
    code = "too_many_tries"
    status = 429
    cure = _("Wait a quarter of an hour.")


class NoCopy(Refused):
    """The file that was named holds no copy of the key, or none that is away from this server."""

    code = "no_copy"
    cure = _("Name the file on its own disk, or decrypt a challenge where it is kept.")


class NotWritten(Refused):
    """The copy has no place where it was to be written."""

    code = "not_written"
    cure = _("Name a file that is not there yet, in a folder that is.")
