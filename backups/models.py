"""Databases, backups of them, and what each check of a backup found."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from access.secrets import seal, unseal
from backups.options import NARROWING
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject


class _Undeleted(models.Manager[Any]):
    """Rows that were not deleted. Tombstones are in `every`, for reports and for the tick."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(deleted_at=None)


Kept = _Undeleted.from_queryset(Scoped)


class Database(models.Model):
    """A connection to something that can be backed up. Its password is sealed to this row."""

    class Engine(models.TextChoices):
        POSTGRESQL = "postgresql", _("PostgreSQL")

    class TlsMode(models.TextChoices):
        DISABLE = "disable", _("Never")
        PREFER = "prefer", _("When the server offers it")
        REQUIRE = "require", _("Always, any certificate")
        VERIFY_FULL = "verify-full", _("Always, certificate and host name checked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="databases")
    name = models.CharField(
        _("name"), max_length=100, help_text=_("What people call it here, such as billing.")
    )
    engine = models.CharField(_("engine"), max_length=20, choices=Engine, default=Engine.POSTGRESQL)
    host = models.CharField(
        _("host"), max_length=255, help_text=_("A host name, an address, or a socket folder.")
    )
    port = models.PositiveIntegerField(_("port"), default=5432)
    database_name = models.CharField(
        _("database"), max_length=255, help_text=_("Its name on the server.")
    )
    username = models.CharField(_("user"), max_length=255)
    password_sealed = models.TextField(_("sealed password"), blank=True, editable=False)
    tls_mode = models.CharField(
        _("encrypted connection"), max_length=12, choices=TlsMode, default=TlsMode.PREFER
    )
    drill_every = models.PositiveIntegerField(
        _("drill every Nth backup"),
        default=1,
        db_default=1,
        help_text=_("1: each backup is restored and compared; 0: only when asked."),
    )
    drill_days = models.PositiveIntegerField(
        _("drill when the last one is older, in days"),
        null=True,
        blank=True,
        help_text=_("Besides, or in place of, every Nth."),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = Kept()
    every = Scoped.as_manager()

    class Meta:
        verbose_name = _("database")
        verbose_name_plural = _("databases")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "name"],
                condition=models.Q(deleted_at=None),
                name="database_name_in_a_company",
                violation_error_message=_("A database of this name already exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def password(self) -> str:
        """The password in plain, for the moment of use. Raises SecretUnreadable."""
        return unseal(self.password_sealed, context=self._context) if self.password_sealed else ""

    @password.setter
    def password(self, plain: str) -> None:
        self.password_sealed = seal(plain, context=self._context) if plain else ""

    @property
    def _context(self) -> str:
        return f"backups.database:{self.pk}:password"


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
        indexes = [models.Index(fields=["backup", "-created_at"], name="check_of_backup")]

    def __str__(self) -> str:
        return f"{self.backup}: {self.get_level_display()}"

    @property
    def is_over(self) -> bool:
        return self.status not in (Backup.Status.PENDING, Backup.Status.RUNNING)


class RecoveryKey(models.Model):
    """The owner's key, kept offline: whether it was fetched, and tried."""

    public = models.CharField(_("public key"), max_length=100, primary_key=True)
    made_at = models.DateTimeField(_("made"), db_default=Now(), editable=False)
    downloaded_at = models.DateTimeField(_("downloaded"), null=True)
    downloaded_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    rehearsed_at = models.DateTimeField(_("rehearsed"), null=True)
    rehearsed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("recovery key")
        verbose_name_plural = _("recovery keys")

    def __str__(self) -> str:
        return self.public


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


class AnsweredRequest(models.Model):
    """What was answered to a request with an `Idempotency-Key`, for a day: repeated, it makes
    nothing new."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(_("sha256 of the request"), max_length=64)
    backup = models.ForeignKey(Backup, models.CASCADE, related_name="+")
    answer = models.JSONField()
    created_at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_for_a_key")]

    def __str__(self) -> str:
        return self.key
