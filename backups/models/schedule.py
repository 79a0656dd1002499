"""When to back a database up, how, where to, and what to keep."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from backups.models.database import Database
from storage.models import StorageTarget


class BackupSchedule(models.Model):
    """When to back a database up, how, where to, and what to keep. Nothing evaluates it yet.

    Either `cron` (five fields, in its own time zone) or `interval_minutes`. Keeping numbers of
    nothing at all mean: remove nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="schedules")
    database = models.ForeignKey(Database, models.CASCADE, related_name="schedules")
    storages = models.ManyToManyField(StorageTarget, related_name="schedules", blank=True)
    name = models.CharField(_("name"), max_length=100)
    enabled = models.BooleanField(_("enabled"), default=True)
    cron = models.CharField(_("cron"), max_length=200, blank=True)
    interval_minutes = models.PositiveIntegerField(
        _("every so many minutes"), null=True, blank=True
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    options = models.JSONField(_("options"), default=dict, blank=True)
    keep_last = models.PositiveIntegerField(_("keep the last"), null=True, blank=True)
    keep_days = models.PositiveIntegerField(_("keep for days"), null=True, blank=True)
    keep_hourly = models.PositiveIntegerField(_("keep hourly"), null=True, blank=True)
    keep_daily = models.PositiveIntegerField(_("keep daily"), null=True, blank=True)
    keep_weekly = models.PositiveIntegerField(_("keep weekly"), null=True, blank=True)
    keep_monthly = models.PositiveIntegerField(_("keep monthly"), null=True, blank=True)
    keep_yearly = models.PositiveIntegerField(_("keep yearly"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "name"], name="schedule_name_in_a_company"),
            models.CheckConstraint(
                condition=models.Q(cron="", interval_minutes__isnull=False)
                | (~models.Q(cron="") & models.Q(interval_minutes=None)),
                name="schedule_has_cron_or_interval",
            ),
        ]

    def __str__(self) -> str:
        return self.name
