"""Further copies of backups that were asked for, and what became of each."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from backups.models.backup import Backup
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject


class Copy(models.Model):
    """One try to bring a backup to a further target; `tries` counts those before it, too.

    `stored` is what it made. A copy that failed for what may pass by itself has a `retry_at`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    backup = models.ForeignKey(Backup, models.CASCADE, related_name="copy_runs")
    target = models.ForeignKey(StorageTarget, models.PROTECT, related_name="+")
    file = models.OneToOneField(TrackedFile, models.SET_NULL, null=True, related_name="copy_run")
    stored = models.ForeignKey(StoredObject, models.SET_NULL, null=True, related_name="+")
    status = models.CharField(
        _("status"), max_length=10, choices=Backup.Status, default=Backup.Status.PENDING
    )
    tries = models.PositiveIntegerField(_("tries"), default=1)
    retry_at = models.DateTimeField(_("tried again"), null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("copy")
        verbose_name_plural = _("copies")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["backup", "target"],
                condition=models.Q(status__in=["pending", "running"]),
                name="one_copy_at_work",
            )
        ]
        indexes = [
            models.Index(fields=["backup", "-created_at"], name="copy_of_backup"),
            models.Index(
                fields=["retry_at"],
                condition=models.Q(retry_at__isnull=False),
                name="copy_to_retry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.backup} → {self.target}"

    @property
    def is_over(self) -> bool:
        return self.status not in (Backup.Status.PENDING, Backup.Status.RUNNING)
