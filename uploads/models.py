"""An upload session with its parts, what an agent is allowed, and a finished recording."""

import uuid
from typing import Self

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from access.policy import Actor
from monitoring.files.models import TrackedFile
from storage.models import StorageTarget, StoredObject
from uploads.states import RECEIVING, Status


class OwnRows(Scoped):
    def visible_to(self, actor: Actor) -> Self:
        """An agent knows its own, whatever its role; a person what the role shows."""
        if isinstance(actor, User) and actor.kind == User.Kind.AGENT:
            return self.filter(created_by=actor)
        return super().visible_to(actor)


class UploadSession(models.Model):
    """`client_id` is what the agent calls it. `result_id` is known before there is a result."""

    class Kind(models.TextChoices):
        RECORDING = "recording", _("Recording")
        BACKUP = "backup", _("Backup")
        RESTORE = "restore", _("File to restore")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.RECORDING)
    client_id = models.CharField(_("session of the agent"), max_length=200, blank=True)
    file_name = models.CharField(_("file name"), max_length=255, blank=True)
    file_size = models.BigIntegerField(_("size in bytes"))
    announced_sha256 = models.CharField(_("announced sha256"), max_length=64, blank=True)
    sha256 = models.CharField(_("sha256"), max_length=64, blank=True)
    connection_info = models.JSONField(_("connection"), default=dict)
    metadata = models.JSONField(_("metadata"), default=dict)
    job_id = models.CharField(_("expected job"), max_length=200, blank=True)
    target = models.ForeignKey(StorageTarget, models.PROTECT, null=True, related_name="+")
    # Written down before anything is published there: the next attempt finds it again.
    final_key = models.CharField(
        _("final path"), max_length=500, blank=True, default="", db_default=""
    )
    # Of a backup. None: nobody here could look inside; the detail says why, or what is wrong.
    content_passed = models.BooleanField(_("content check passed"), null=True)
    content_detail = models.TextField(_("content check"), blank=True, default="", db_default="")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CREATED)
    error = models.TextField(_("error"), blank=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    retry_count = models.PositiveIntegerField(_("retries"), default=0)
    retry_at = models.DateTimeField(_("next try"), null=True)
    # Plain tus clients know no finalize: their last byte is it.
    finalize_at_end = models.BooleanField(_("finalized by its last byte"), default=False)
    result_id = models.UUIDField(_("file"), default=uuid.uuid4, editable=False)
    node = models.CharField(_("machine"), max_length=100, blank=True)
    file = models.ForeignKey(TrackedFile, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    last_byte_at = models.DateTimeField(_("last byte"), null=True)
    rate = models.FloatField(_("bytes a second"), db_default=0.0, default=0.0)
    expires_at = models.DateTimeField(_("kept until"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = OwnRows.as_manager()

    class Meta:
        verbose_name = _("upload session")
        verbose_name_plural = _("upload sessions")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="upload_company_newest"),
            models.Index(fields=["created_by", "-created_at"], name="upload_sender_newest"),
            models.Index(fields=["created_by", "client_id"], name="upload_client_id"),
            models.Index(fields=["status", "expires_at"], name="upload_expiry"),
        ]
        constraints = [
            # Opened twice at the same moment, it is one all the same.
            models.UniqueConstraint(
                fields=["created_by", "client_id", "file_name", "file_size", "announced_sha256"],
                condition=~models.Q(client_id="") & ~models.Q(status__in=["failed", "expired"]),
                name="one_session_of_a_file",
            )
        ]

    def __str__(self) -> str:
        return self.file_name or self.client_id or self.public_id

    @property
    def public_id(self) -> str:
        return f"upload_session_{self.pk.hex}"

    @property
    def is_receiving(self) -> bool:
        return self.status in RECEIVING

    @property
    def can_retry(self) -> bool:
        """Whether what could not be stored is still here. Costs no query where parts are."""
        failed = self.status == Status.FAILED and bool(self.sha256)
        return failed and any(part.received == self.file_size for part in self.parts.all())


class Part(models.Model):
    """One of a session's bodies. `received` bytes are durable; none of them is ever taken back,
    but by a whole body that differs. `turn` counts the requests that wanted to write."""

    class Kind(models.TextChoices):
        FILE = "file", _("File")
        METADATA = "metadata", _("Metadata")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(UploadSession, models.CASCADE, related_name="parts")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    size = models.BigIntegerField(_("size in bytes"), null=True)
    received = models.BigIntegerField(_("received bytes"), default=0)
    sha256 = models.CharField(_("sha256"), max_length=64, blank=True)
    turn = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("part of an upload")
        verbose_name_plural = _("parts of uploads")
        constraints = [
            models.UniqueConstraint(fields=["session", "kind"], name="one_part_of_a_kind")
        ]
        indexes = [
            # Of all that ever came, the few of which something lies in staging.
            models.Index(
                fields=["session"], condition=models.Q(received__gt=0), name="part_in_staging"
            )
        ]

    def __str__(self) -> str:
        return f"{self.session_id} {self.kind}"

    @property
    def is_whole(self) -> bool:
        return self.size is not None and self.received == self.size


class Allowance(models.Model):
    """What one sender is allowed; what is empty is as the installation has it."""

    user = models.OneToOneField(User, models.CASCADE, related_name="upload_allowance")
    most_mb = models.PositiveIntegerField(_("MB in a file"), null=True, blank=True)
    most_open = models.PositiveIntegerField(_("open sessions"), null=True, blank=True)
    most_mb_a_day = models.PositiveIntegerField(_("MB in a day"), null=True, blank=True)
    deletes_recordings = models.BooleanField(
        _("scope recordings:delete"),
        default=False,
        help_text=_("It may delete its own recordings."),
    )

    class Meta:
        verbose_name = _("upload allowance")
        verbose_name_plural = _("upload allowances")

    def __str__(self) -> str:
        return str(self.user)


class Recording(models.Model):
    """A session of somebody's work, recorded. Its columns for filters are read from
    `connection_info` once, when it comes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    session = models.OneToOneField(UploadSession, models.PROTECT, related_name="recording")
    stored = models.ForeignKey(StoredObject, models.PROTECT, related_name="+")
    file_name = models.CharField(_("file name"), max_length=255)
    size = models.BigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("sha256"), max_length=64)
    content_type = models.CharField(_("type"), max_length=60)
    duration = models.FloatField(_("duration in seconds"), null=True)
    width = models.PositiveIntegerField(_("width"), null=True)
    height = models.PositiveIntegerField(_("height"), null=True)
    # Empty when it is whole: else a sentence that says what is wrong with it.
    damage = models.TextField(_("damage"), blank=True)
    thumbnail = models.BinaryField(_("thumbnail"), null=True)
    connection_info = models.JSONField(_("connection"), default=dict)
    metadata = models.JSONField(_("metadata"), default=dict)
    # Asked for in lists, which leave the picture itself out.
    has_thumbnail = models.BooleanField(default=False)
    con_codigo = models.CharField(_("connection code"), max_length=100, blank=True)
    name = models.CharField(_("server"), max_length=200, blank=True)
    ip = models.CharField(_("address"), max_length=100, blank=True)
    wats_user = models.CharField(_("user"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = OwnRows.as_manager()

    class Meta:
        verbose_name = _("recording")
        verbose_name_plural = _("recordings")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="recording_company_newest"),
            models.Index(fields=["created_by", "-created_at"], name="recording_sender_newest"),
            models.Index(fields=["company", "con_codigo"], name="recording_con_codigo"),
            models.Index(fields=["company", "wats_user"], name="recording_wats_user"),
        ]

    def __str__(self) -> str:
        return self.file_name


class RecordingRetention(models.Model):
    """How long a company's recordings stay, and how their cleanup stands."""

    company = models.OneToOneField(Company, models.CASCADE, related_name="recording_retention")
    days = models.PositiveIntegerField(
        _("days"),
        null=True,
        blank=True,
        help_text=_("0 keeps them for ever; empty: as the installation has it."),
    )
    # Why nothing goes until a person has looked (`backups.retention.plan.Stop`).
    cleanup_stopped = models.CharField(max_length=20, blank=True, default="")
    # The last night on which it was looked, and the last on which nothing was stopped.
    looked_at = models.DateTimeField(null=True, editable=False)
    cleaned_at = models.DateTimeField(null=True, editable=False)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("retention of recordings")
        verbose_name_plural = _("retentions of recordings")

    def __str__(self) -> str:
        return str(self.company)
