"""The sets from which Holdfast itself is recovered."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from storage.models import StorageTarget


class ControlSet(models.Model):
    """One copy of Holdfast's own records and keys at a storage. It belongs to no company: who
    holds the recovery key reads all of it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(StorageTarget, models.PROTECT, related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PENDING)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)
    # Of the manifest; the other files lie beside it.
    key = models.CharField(_("key"), max_length=500, blank=True)
    size_bytes = models.BigIntegerField(_("size in bytes"), null=True)
    manifest_sha256 = models.CharField(_("sha256 of the manifest"), max_length=64, blank=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    # What an end without success, or the turn of the next ones, leaves to be removed.
    forgotten_at = models.DateTimeField(_("to be removed since"), null=True, editable=False)
    purged_at = models.DateTimeField(_("bytes removed"), null=True, editable=False)

    class Meta:
        verbose_name = _("set of Holdfast itself")
        verbose_name_plural = _("sets of Holdfast itself")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"holdfast {self.created_at:%Y-%m-%d %H:%M}" if self.created_at else "holdfast"
