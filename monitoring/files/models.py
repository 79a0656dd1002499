"""A tracked file, its stages, steps and log lines; who works on it holds a claim."""

import uuid
from typing import Self

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from access.policy import Actor
from monitoring.files.stages import Kind, Origin, StandardStage, standard_stage


class FileRows(Scoped):
    def visible_to(self, actor: Actor) -> Self:
        """An agent knows its own files, whatever its role; a person what the role shows."""
        if isinstance(actor, User) and actor.kind == User.Kind.AGENT:
            return self.filter(created_by=actor)
        return super().visible_to(actor)


class TrackedFile(models.Model):
    class Status(models.TextChoices):
        QUEUED = "queued", _("Queued")
        PROCESSING = "processing", _("Processing")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    name = models.CharField(_("file name"), max_length=255)
    original_path = models.CharField(_("where it came from"), max_length=500)
    origin = models.CharField(
        _("origin"), max_length=12, choices=Origin, default=Origin.LOCAL, db_default=Origin.LOCAL
    )
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    progress = models.FloatField(_("progress in percent"), default=0)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("completed"), null=True)

    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    most_attempts = models.PositiveIntegerField(_("attempts at most"), default=3, db_default=3)
    owner = models.CharField(_("claimed by"), max_length=100, blank=True)
    lease_until = models.DateTimeField(_("claimed until"), null=True)
    seen_at = models.DateTimeField(_("last sign of life"), null=True)
    cancelled_by = models.CharField(
        _("cancelled by"), max_length=200, blank=True, default="", db_default=""
    )
    # The attempt that ended without success: what it stored has to be removed.
    leftovers_of = models.PositiveIntegerField(_("leftovers of attempt"), null=True)

    objects = FileRows.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["status", "-created_at"], name="file_status_created"),
            models.Index(fields=["status", "-completed_at"], name="file_status_completed"),
            models.Index(
                fields=["created_by", "created_at"],
                condition=models.Q(status="queued"),
                name="file_queued_by",
            ),
            models.Index(
                fields=["created_at"], condition=models.Q(status="queued"), name="file_queued"
            ),
            models.Index(
                fields=["leftovers_of"],
                condition=models.Q(leftovers_of__isnull=False),
                name="file_leftovers",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        return self.status in (self.Status.COMPLETED, self.Status.FAILED)


class FileFacts(models.Model):
    """What is shown of a file besides its course; nothing is decided by it.

    `thumbnail`: a path on our own host. `duration` of a recording, in whole seconds.
    """

    file = models.OneToOneField(TrackedFile, models.CASCADE, primary_key=True, related_name="facts")
    thumbnail = models.CharField(_("picture"), max_length=500, db_default="", default="")
    duration = models.PositiveIntegerField(_("length in seconds"), db_default=0, default=0)
    quality = models.CharField(_("quality"), max_length=40, db_default="", default="")
    file_path = models.CharField(_("storage key"), max_length=500, db_default="", default="")
    file_size = models.BigIntegerField(_("size in bytes"), null=True)
    format = models.CharField(_("format"), max_length=40, db_default="", default="")

    class Meta:
        app_label = "monitoring"
        verbose_name = _("facts of a file")
        verbose_name_plural = _("facts of files")

    def __str__(self) -> str:
        return str(self.file_id)


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


class Step(models.Model):
    """One thing done in a stage, such as the dump of one table. `duration` in seconds."""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="steps")
    at = models.DateTimeField(_("at"), db_default=Now())
    status = models.CharField(_("status"), max_length=12, choices=Stage.Status)
    message = models.CharField(_("message"), max_length=500)
    details = models.TextField(_("details"), blank=True)
    duration = models.FloatField(_("duration in seconds"), null=True)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["id"]
        # By -id, which the primary key does not give: see `monitoring.files.history`.
        indexes = [models.Index("stage", models.F("id") * -1, name="step_newest")]

    def __str__(self) -> str:
        return self.message


class LogLine(models.Model):
    class Level(models.TextChoices):
        DEBUG = "debug", _("Debug")
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    file = models.ForeignKey(TrackedFile, models.CASCADE, related_name="log_lines")
    at = models.DateTimeField(_("at"), db_default=Now())
    level = models.CharField(_("level"), max_length=8, choices=Level, default=Level.INFO)
    message = models.TextField(_("message"))
    source = models.CharField(_("source"), max_length=60)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("log line")
        verbose_name_plural = _("log lines")
        ordering = ["id"]
        indexes = [models.Index(fields=["file", "-id"], name="log_newest")]

    def __str__(self) -> str:
        return self.message
