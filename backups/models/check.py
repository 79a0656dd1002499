"""Checks of stored bytes that were asked for, and what each level found."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from backups.models.backup import Backup
from monitoring.files.models import TrackedFile
from storage.models import StoredObject


class LevelResult(models.Model):
    """What one check of one level found; kept, so that each level has its own history."""

    class Level(models.TextChoices):
        CHECKSUM = "checksum", _("Checksum")
        CONTENT = "content", _("Content")
        RESTORE = "restore", _("Restore drill")

    backup = models.ForeignKey(Backup, models.CASCADE, related_name="level_results")
    stored = models.ForeignKey(StoredObject, models.CASCADE, related_name="+")
    level = models.CharField(_("level"), max_length=10, choices=Level)
    passed = models.BooleanField(_("passed"))
    detail = models.TextField(_("detail"), blank=True)
    checked_at = models.DateTimeField(_("checked"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results by level")
        ordering = ["-checked_at", "-id"]

    def __str__(self) -> str:
        return f"{self.backup}: {self.get_level_display()}"


class Check(models.Model):
    """One check of stored bytes that was asked for. At the level `restore` it is a drill: they are
    restored into a throw-away server and compared with the fingerprints."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    backup = models.ForeignKey(Backup, models.CASCADE, related_name="checks")
    file = models.OneToOneField(TrackedFile, models.SET_NULL, null=True, related_name="check_run")
    # The one copy to be read, in a re-check; None: what a restore would read.
    stored = models.ForeignKey(StoredObject, models.SET_NULL, null=True, related_name="+")
    level = models.CharField(_("level"), max_length=10, choices=LevelResult.Level)
    status = models.CharField(
        _("status"), max_length=10, choices=Backup.Status, default=Backup.Status.PENDING
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Backup.Validation, blank=True)
    detail = models.TextField(_("detail"), blank=True)
    differences = models.JSONField(_("differences"), default=list)
    # What the throw-away server could not load: extensions, encodings, locales.
    missing = models.JSONField(_("missing on the drill server"), default=list)
    sha256 = models.CharField(_("sha256 of the bytes checked"), max_length=64, blank=True)
    restore_seconds = models.FloatField(_("time to restore in seconds"), null=True)
    server_version = models.CharField(_("drill server's version"), max_length=40, blank=True)
    system_identifier = models.CharField(_("drill server's identity"), max_length=30, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["backup", "-created_at"], name="check_of_backup"),
            models.Index(
                fields=["-created_at"],
                condition=models.Q(stored__isnull=False),
                name="recheck_newest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.backup}: {self.get_level_display()}"

    @property
    def is_over(self) -> bool:
        return self.status not in (Backup.Status.PENDING, Backup.Status.RUNNING)
