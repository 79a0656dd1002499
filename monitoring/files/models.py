"""A tracked file and its stages. Who works on it holds a claim: attempt, owner, lease."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from monitoring.files.stages import Kind, StandardStage, standard_stage


class TrackedFile(models.Model):
    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        PROCESSING = "processing", _("Processing")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("file name"), max_length=255)
    original_path = models.CharField(_("where it came from"), max_length=500)
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    progress = models.FloatField(_("progress in percent"), default=0)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("completed"), null=True)

    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    owner = models.CharField(_("claimed by"), max_length=100, blank=True)
    lease_until = models.DateTimeField(_("claimed until"), null=True)

    objects = Scoped.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["status", "-created_at"], name="file_status_created")]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        IN_PROGRESS = "in_progress", _("In progress")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    file = models.ForeignKey(TrackedFile, models.CASCADE, related_name="stages")
    key = models.CharField(_("stage"), max_length=20)
    position = models.PositiveSmallIntegerField()
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.PENDING)
    progress = models.FloatField(_("progress in percent"), default=0)
    bytes_done = models.BigIntegerField(_("bytes done"), default=0)
    bytes_total = models.BigIntegerField(_("bytes in all"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["file", "key"], name="one_stage_of_a_name_in_a_file")
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def standard(self) -> StandardStage:
        return standard_stage(self.file.kind, self.key)
