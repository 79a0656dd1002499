"""When to back a database up, how, where to, and what to keep; and what became of each time."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from backups.models.database import Database
from storage.models import StorageTarget


class BackupSchedule(models.Model):
    """When to back a database up, how, where to, and what to keep.

    Either `cron` (five fields, in its own time zone) or `interval_minutes`. Keeping numbers of
    nothing at all mean: remove nothing. The first of the storages gets the backup, the others
    stand in for it (`backups.scheduling.targets`).
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
    window_from = models.TimeField(_("allowed from"), null=True, blank=True)
    window_to = models.TimeField(_("allowed until"), null=True, blank=True)
    jitter_minutes = models.PositiveIntegerField(
        _("spread over so many minutes"), default=0, db_default=0
    )
    retries = models.PositiveIntegerField(_("further tries"), default=2, db_default=2)
    retry_minutes = models.PositiveIntegerField(
        _("minutes before the first of them"), default=5, db_default=5
    )
    # The newest due time that was dealt with, and when to look again: by the database's clock.
    watermark = models.DateTimeField(_("dealt with until"), db_default=Now(), editable=False)
    next_at = models.DateTimeField(_("looked at next"), null=True, editable=False)
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
            models.CheckConstraint(
                condition=models.Q(window_from=None, window_to=None)
                | models.Q(window_from__isnull=False, window_to__isnull=False),
                name="schedule_window_has_two_ends",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=models.Q(enabled=True), name="schedule_looked_at_next"
            )
        ]

    def __str__(self) -> str:
        return self.name


class DueTime(models.Model):
    """One time at which a schedule was due, and what became of it.

    The constraint is what makes a run of one time impossible to double. Where the clock went
    back, what had been done ahead of it no longer `counts` (decision 023).
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RETRYING = "retrying", _("To be tried again")
        SKIPPED = "skipped", _("Skipped")
        REFUSED = "refused", _("Not possible")

    schedule = models.ForeignKey(BackupSchedule, models.CASCADE, related_name="due_times")
    due_at = models.DateTimeField(_("due"))
    counts = models.BooleanField(_("counts"), default=True, db_default=True)
    late = models.BooleanField(_("late"), default=False, db_default=False)
    state = models.CharField(_("state"), max_length=10, choices=State)
    reason_code = models.CharField(_("reason code"), max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    tries = models.PositiveIntegerField(_("tries"), default=1)
    retry_at = models.DateTimeField(_("tried again"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("due time")
        verbose_name_plural = _("due times")
        ordering = ["-due_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "due_at"],
                condition=models.Q(counts=True),
                name="one_run_of_a_due_time",
            )
        ]
        indexes = [
            models.Index(fields=["schedule", "-due_at"], name="due_time_of_schedule"),
            models.Index(
                fields=["retry_at"],
                condition=models.Q(retry_at__isnull=False),
                name="due_time_to_retry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule}: {self.due_at:%Y-%m-%d %H:%M}"
