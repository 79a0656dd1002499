"""The states of a job and an entry, in the contract's words, and which of several holds."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    UNKNOWN = "UNKNOWN", _("Not known")
    SUCCESS = "SUCCESS", _("Well")
    FAILED = "FAILED", _("Failed")
    MISSING = "MISSING", _("Missing")
    TRANSFER_INTEGRITY_FAILED = "TRANSFER_INTEGRITY_FAILED", _("Not whole")
    HASH_MISMATCH = "HASH_MISMATCH", _("Differs")


class Frequency(models.TextChoices):
    HOURLY = "hourly", _("Hourly")
    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")
    MONTHLY = "monthly", _("Monthly")
    CUSTOM = "custom", _("By cron")


class Source(models.TextChoices):
    BACKUP = "backup", _("Own backup")
    UPLOAD = "upload", _("Upload")
    REPORT = "report", _("Report")
    PING = "ping", _("Ping")
    DEPOSIT = "deposit", _("Deposit folder")
    SCANNER = "scanner", _("The watcher")


# What people have to hear of; the worst first.
BAD = (
    Status.MISSING,
    Status.FAILED,
    Status.TRANSFER_INTEGRITY_FAILED,
    Status.HASH_MISMATCH,
)
_ORDER = (*BAD, Status.SUCCESS, Status.UNKNOWN)


def worst(*found: str) -> Status:
    """Of several that hold at once the one that counts."""
    return min((Status(one) for one in found), key=_ORDER.index)
