"""Databases, backups of them, and what each check of a backup found."""

from backups.models.answer import AnsweredRequest
from backups.models.backup import Backup
from backups.models.check import Check, LevelResult
from backups.models.cleanup import Cleanup
from backups.models.copy import Copy
from backups.models.database import Database
from backups.models.recovery import RecoveryKey
from backups.models.schedule import BackupSchedule, DueTime

__all__ = [
    "AnsweredRequest",
    "Backup",
    "BackupSchedule",
    "Check",
    "Cleanup",
    "Copy",
    "Database",
    "DueTime",
    "LevelResult",
    "RecoveryKey",
]
