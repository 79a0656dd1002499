"""One run that makes an artifact, and all that is known of it."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from backups.models.database import Database
from backups.models.kept import Kept
from backups.models.schedule import BackupSchedule, DueTime
from backups.options import NARROWING
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject


class Backup(models.Model):
    """One run that makes an artifact, and what is known of it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Trigger(models.TextChoices):
        MANUAL = "manual", _("By hand")
        SCHEDULE = "schedule", _("Schedule")
        API = "api", _("API")
        CLI = "cli", _("Command line")
        AGENT = "agent", _("Agent")

    class Validation(models.TextChoices):
        UNCHECKED = "unchecked", _("Unchecked")
        GOOD = "good", _("Good")
        PARTIAL = "partial", _("Partial")
        PROVEN = "proven", _("Proven")
        CORRUPT = "corrupt", _("Corrupt")
        MISSING = "missing", _("Missing")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="backups")
    database = models.ForeignKey(Database, models.PROTECT, related_name="backups")
    file = models.OneToOneField(TrackedFile, models.SET_NULL, null=True, related_name="backup")
    stored_objects = models.ManyToManyField(StoredObject, related_name="backups", blank=True)
    storage = models.ForeignKey(StorageTarget, models.PROTECT, related_name="+")
    # Which schedule made it: its policy says how long it stays. None: made by hand.
    schedule = models.ForeignKey(
        BackupSchedule, models.SET_NULL, null=True, blank=True, related_name="backups"
    )
    due_time = models.ForeignKey(
        DueTime, models.SET_NULL, null=True, blank=True, related_name="backups"
    )

    name = models.CharField(_("name"), max_length=200)
    file_name = models.CharField(_("file name"), max_length=255)
    label = models.CharField(_("label"), max_length=60, blank=True)
    comment = models.TextField(_("comment"), blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    trigger = models.CharField(_("started by"), max_length=10, choices=Trigger)
    options = models.JSONField(_("options"), default=dict)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)

    size_bytes = models.BigIntegerField(_("size in bytes"), null=True)
    source_bytes = models.BigIntegerField(_("size of the source in bytes"), null=True)
    sha256 = models.CharField(_("sha256 of the stored bytes"), max_length=64, blank=True)
    compression = models.CharField(_("compression"), max_length=40, blank=True)
    encrypted = models.BooleanField(_("encrypted"), default=True)
    server_version = models.CharField(_("server version"), max_length=40, blank=True)
    manifest = models.JSONField(_("manifest"), null=True)

    validation = models.CharField(
        _("integrity"), max_length=10, choices=Validation, default=Validation.UNCHECKED
    )
    validation_level = models.CharField(_("checked to level"), max_length=10, blank=True)
    validation_detail = models.TextField(_("what the check found"), blank=True)
    checked_at = models.DateTimeField(_("checked"), null=True)

    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    error_detail = models.TextField(_("the tool's own words"), blank=True)

    pinned = models.BooleanField(_("pinned"), default=False, db_default=False)
    held = models.BooleanField(_("under legal hold"), default=False, db_default=False)
    # A tombstone: its bytes go after the mark, and `purged_at` says that they are gone.
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)
    purged_at = models.DateTimeField(_("bytes removed"), null=True, editable=False)

    objects = Kept()
    every = Scoped.as_manager()

    class Meta:
        verbose_name = _("backup")
        verbose_name_plural = _("backups")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(deleted_at=None),
                name="backup_newest",
            ),
            models.Index(
                fields=["deleted_at"],
                condition=models.Q(deleted_at__isnull=False, purged_at=None),
                name="backup_to_purge",
            ),
            models.Index(fields=["company", "-created_at", "-id"], name="backup_company_newest"),
            models.Index(fields=["database", "-created_at"], name="backup_database_newest"),
            models.Index(fields=["status", "-created_at"], name="backup_status_newest"),
        ]

    def __str__(self) -> str:
        return self.file_name or self.name

    @property
    def is_over(self) -> bool:
        return self.status not in (self.Status.PENDING, self.Status.RUNNING)

    @property
    def is_part(self) -> bool:
        """Whether its options leave something of the database out."""
        return bool(set(self.options) & set(NARROWING))
