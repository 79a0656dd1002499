"""Who should have sent what by when (jobs), and what arrived (entries, runs)."""

import secrets
from typing import TYPE_CHECKING, Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from monitoring.expected.states import Frequency, Source, Status

if TYPE_CHECKING:
    from access.policy import Actor

LARGEST = 2**31 - 1


def new_ping_key() -> str:
    """Who knows it can say that the job ran, and nothing else."""
    return secrets.token_urlsafe(24)


class JobRows(Scoped):
    def visible_to(self, actor: "Actor") -> Self:
        """An agent sees the jobs that it is to report for, and no others."""
        rows = super().visible_to(actor)
        if isinstance(actor, User) and actor.kind == User.Kind.AGENT:
            return rows.filter(agent_id_responsible__in=_agent_ids(actor))
        return rows


class EntryRows(Scoped):
    def visible_to(self, actor: "Actor") -> Self:
        rows = super().visible_to(actor)
        if isinstance(actor, User) and actor.kind == User.Kind.AGENT:
            return rows.filter(job__agent_id_responsible__in=_agent_ids(actor))
        return rows


def _agent_ids(actor: User) -> Any:
    return User.objects.filter(pk=actor.pk).values("agent__agent_id")


class ExpectedBackupJob(models.Model):
    """One backup that is to arrive again and again. Times are in `plans`, looks in `scanning`."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="expected_jobs")
    city = models.CharField(_("city"), max_length=100)
    database_name = models.CharField(_("database"), max_length=255)
    # The agent may be registered later than the job: a name, no key.
    agent_id_responsible = models.CharField(_("agent"), max_length=100, db_index=True)
    backup_frequency = models.CharField(_("frequency"), max_length=10, choices=Frequency)
    expected_hour_utc = models.PositiveSmallIntegerField(
        _("hour (UTC)"), null=True, blank=True, validators=[MaxValueValidator(23)]
    )
    expected_minute_utc = models.PositiveSmallIntegerField(
        _("minute (UTC)"), null=True, blank=True, validators=[MaxValueValidator(59)]
    )
    local_time = models.TimeField(_("local time"), null=True, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC", blank=True)
    days_of_week = models.JSONField(
        _("days of the week"), default=list, blank=True, help_text=_("0 is Monday, 6 Sunday.")
    )
    day_of_month = models.PositiveSmallIntegerField(
        _("day of the month"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("31 is the last day of every month."),
    )
    cron = models.CharField(_("cron"), max_length=200, blank=True)
    grace_minutes = models.PositiveIntegerField(_("grace in minutes"), default=60)
    early_minutes = models.PositiveIntegerField(_("early by minutes"), default=60)
    first_report_by = models.DateTimeField(_("first report until"), null=True, blank=True)
    end_within_minutes = models.PositiveIntegerField(
        _("end within minutes of the start"), null=True, blank=True
    )
    min_run_seconds = models.PositiveIntegerField(_("shortest run"), null=True, blank=True)
    max_run_seconds = models.PositiveIntegerField(_("longest run"), null=True, blank=True)
    min_size_bytes = models.BigIntegerField(
        _("smallest size"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    max_size_change_percent = models.PositiveIntegerField(
        _("change of size in percent"), null=True, blank=True
    )
    size_history = models.PositiveSmallIntegerField(
        _("against the median of the last"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
    )
    max_age_hours = models.PositiveIntegerField(_("oldest success in hours"), null=True, blank=True)
    require_content_check = models.BooleanField(_("content has to be checked"), default=False)
    final_storage_path_template = models.CharField(
        _("final path"), max_length=500, blank=True, default=""
    )
    notification_recipients = models.JSONField(_("recipients"), default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    ping_key = models.CharField(
        _("ping key"), max_length=64, unique=True, default=new_ping_key, editable=False
    )

    current_status = models.CharField(
        _("status"), max_length=30, choices=Status, default=Status.UNKNOWN, editable=False
    )
    # The due time of which the status tells.
    status_due_at = models.DateTimeField(null=True, editable=False)
    # What people were told last (`telling`); they hear of it when it differs from the status.
    told_status = models.CharField(
        max_length=30, choices=Status, default=Status.UNKNOWN, editable=False
    )
    is_too_old = models.BooleanField(_("newest success too old"), default=False, editable=False)
    told_too_old = models.BooleanField(default=False, editable=False)
    first_received_at = models.DateTimeField(null=True, editable=False)
    last_checked_at = models.DateTimeField(_("last looked at"), null=True, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    # The first due time that nothing has arrived for, nor been called missing: late when past.
    next_expected_at = models.DateTimeField(
        _("expected next"), null=True, editable=False, db_index=True
    )
    # All that was to arrive by then was dealt with; and when to look again.
    watermark = models.DateTimeField(db_default=Now(), editable=False)
    next_check_at = models.DateTimeField(null=True, editable=False)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, editable=False)
    acknowledged_by = models.CharField(max_length=200, blank=True, default="", editable=False)
    snoozed_until = models.DateTimeField(_("quiet until"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = JobRows.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("expected backup")
        verbose_name_plural = _("expected backups")
        ordering = ["company__name", "city", "database_name", "id"]
        indexes = [
            models.Index(
                fields=["next_check_at", "id"],
                condition=Q(is_active=True),
                name="expected_job_looked_at",
            ),
            models.Index(
                fields=["id"],
                condition=~Q(told_status=F("current_status")) | ~Q(told_too_old=F("is_too_old")),
                name="expected_job_to_tell",
            ),
            models.Index(fields=["current_status", "id"], name="expected_job_status"),
            models.Index(
                fields=["company", "city", "database_name"], name="expected_job_of_company"
            ),
            models.Index(fields=["city", "id"], name="expected_job_city"),
            models.Index(fields=["database_name", "id"], name="expected_job_database"),
        ]

    def __str__(self) -> str:
        return f"{self.database_name} · {self.city}"


class BackupEntry(models.Model):
    """What arrived, or did not, for one job and due time; however often it was reported."""

    # Their indexes are those below, which begin with them.
    company = models.ForeignKey(Company, models.PROTECT, related_name="+", db_index=False)
    job = models.ForeignKey(
        ExpectedBackupJob, models.CASCADE, related_name="entries", db_index=False
    )
    expected_at = models.DateTimeField(_("expected"))
    status = models.CharField(_("status"), max_length=30, choices=Status)
    source = models.CharField(_("source"), max_length=10, choices=Source)
    backup_timestamp_utc = models.DateTimeField(_("backed up"), null=True)
    backup_hash = models.CharField(_("hash"), max_length=128, null=True)
    backup_size_bytes = models.BigIntegerField(_("size"), null=True)
    error_message = models.TextField(_("error"), null=True)
    # [{code, message}]: a success of which somebody should know more.
    warnings = models.JSONField(_("warnings"), default=list)
    # What was said of it before: [{at, status, source, message}], the oldest first.
    history = models.JSONField(_("history"), default=list)
    content_passed = models.BooleanField(_("content checked"), null=True)
    run_seconds = models.FloatField(_("ran for"), null=True)
    # Where it lies, or which thing of the product it is: a path or an id, as text.
    file = models.CharField(_("file"), max_length=600, null=True)
    received_at = models.DateTimeField(_("received"), null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = EntryRows.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("backup entry")
        verbose_name_plural = _("backup entries")
        ordering = ["-expected_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "expected_at"], name="one_entry_of_a_due_time")
        ]
        # The order of the list (`selectors`), of all, of a company, in a status; of a job by the
        # constraint. So any page of any span of time begins where it is.
        indexes = [
            models.Index(fields=["expected_at", "id"], name="entry_due"),
            models.Index(fields=["company", "expected_at", "id"], name="entry_due_of_company"),
            models.Index(fields=["status", "expected_at", "id"], name="entry_due_in_status"),
        ]

    def __str__(self) -> str:
        return f"{self.job}: {self.expected_at:%Y-%m-%d %H:%M}"


class ContentCheck(models.Model):
    """That what arrived waits for being read (`contents`); gone when that is answered."""

    entry = models.OneToOneField(BackupEntry, models.CASCADE, related_name="content_check")
    stored = models.ForeignKey("storage.StoredObject", models.CASCADE, related_name="+")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"), db_default=Now(), db_index=True)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("content check")
        verbose_name_plural = _("content checks")
        ordering = ["due_at", "id"]

    def __str__(self) -> str:
        return f"{self.entry}"


class JobRun(models.Model):
    """One run that said "start", or an end with its log. A row each: a hung one stays in sight."""

    job = models.ForeignKey(ExpectedBackupJob, models.CASCADE, related_name="runs")
    rid = models.UUIDField(_("run id"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    exit_status = models.PositiveSmallIntegerField(_("exit status"), null=True)
    log = models.TextField(_("log"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("reported run")
        verbose_name_plural = _("reported runs")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["job", "-id"], name="run_of_job"),
            models.Index(
                fields=["job", "started_at"], condition=Q(ended_at=None), name="run_still_open"
            ),
            models.Index(fields=["created_at"], name="run_created"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["job", "rid"], condition=Q(ended_at=None), name="one_open_run_of_an_id"
            )
        ]

    def __str__(self) -> str:
        return f"{self.job}: {self.rid or self.created_at}"


class WatchGap(models.Model):
    """A time in which nobody watched: what was to arrive then is not known to be missing."""

    began_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), db_index=True)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("gap of the watch")
        verbose_name_plural = _("gaps of the watch")
        ordering = ["-ended_at"]

    def __str__(self) -> str:
        return f"{self.began_at:%Y-%m-%d %H:%M} to {self.ended_at:%Y-%m-%d %H:%M}"
