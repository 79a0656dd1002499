"""Restores: one run that brings an artifact into a database."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from backups.models import Backup, Database
from monitoring.files.models import TrackedFile
from restores.received.models import ReceivedFile


class Restore(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")

    class Mode(models.TextChoices):
        NEW = "new", _("Into a new database")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    # Either of the two.
    backup = models.ForeignKey(Backup, models.PROTECT, null=True, related_name="restores")
    received = models.ForeignKey(ReceivedFile, models.PROTECT, null=True, related_name="restores")
    # What an administrator has agreed to, for a file that was not made here.
    outside = models.JSONField(_("agreed to"), default=dict)
    # Whose server it goes to; the restored database gets a name of its own there.
    server = models.ForeignKey(Database, models.PROTECT, related_name="restores")
    target_name = models.CharField(_("new database"), max_length=63)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.NEW)
    options = models.JSONField(_("options"), default=dict)
    preflight = models.JSONField(_("looked at beforehand"), default=list)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    # Which database it is registered as, when it has ended well.
    registered = models.ForeignKey(Database, models.SET_NULL, null=True, related_name="restored_by")
    tables = models.PositiveIntegerField(_("tables"), null=True)
    rows = models.BigIntegerField(_("rows"), null=True)
    # Rows by table, of what nothing says how many they should be.
    counted = models.JSONField(_("counted"), default=dict)
    differences = models.JSONField(_("differences"), default=list)
    file = models.OneToOneField(TrackedFile, models.SET_NULL, null=True, related_name="restore")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    error_detail = models.TextField(_("the tool's own words"), blank=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("restore")
        verbose_name_plural = _("restores")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="restore_company_newest")
        ]

    def __str__(self) -> str:
        return self.target_name

    @property
    def is_over(self) -> bool:
        return self.status not in (self.Status.PENDING, self.Status.RUNNING)

    @property
    def source_name(self) -> str:
        if self.received is not None:
            return str(self.received)
        return self.backup.file_name if self.backup else ""

    def draft(self, attempt: int) -> str:
        """The database's name until it is whole. Ours alone: who finds it may drop it."""
        return f"holdfast_{self.pk.hex[:16]}_{attempt}"
