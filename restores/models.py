"""Restores: one run that brings an artifact into a database."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User
from backups.models import Backup, Database
from monitoring.files.models import TrackedFile
from restores.received.models import ReceivedFile


class Restore(models.Model):
    class Status(models.TextChoices):
        AWAITING_APPROVAL = "awaiting_approval", _("Waiting for approval")
        PENDING = "pending", _("Waiting")
        RUNNING = "running", _("Running")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        CANCELLED = "cancelled", _("Cancelled")
        UNDONE = "undone", _("Undone")

    class Mode(models.TextChoices):
        NEW = "new", _("Into a new database")
        REPLACE = "replace", _("In place of a database")

    class Errand(models.TextChoices):
        """What was asked to be done with the kept database, and is not done yet."""

        UNDO = "undo", _("Being undone")
        DROP = "drop", _("The kept one is being dropped")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    # Either of the two.
    backup = models.ForeignKey(Backup, models.PROTECT, null=True, related_name="restores")
    received = models.ForeignKey(ReceivedFile, models.PROTECT, null=True, related_name="restores")
    # What an administrator has agreed to, for a file that was not made here.
    outside = models.JSONField(_("agreed to"), default=dict)
    # Whose server it goes to; the restored database gets a name of its own there.
    server = models.ForeignKey(Database, models.PROTECT, related_name="restores")
    target_name = models.CharField(_("database"), max_length=63)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode, default=Mode.NEW)
    options = models.JSONField(_("options"), default=dict)
    preflight = models.JSONField(_("looked at beforehand"), default=list)
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.PENDING)
    # Which database it is registered as, when it has ended well.
    registered = models.ForeignKey(Database, models.SET_NULL, null=True, related_name="restored_by")
    tables = models.PositiveIntegerField(_("tables"), null=True)
    rows = models.BigIntegerField(_("rows"), null=True)
    # Rows by table, of what nothing says how many they should be.
    counted = models.JSONField(_("counted"), default=dict)
    differences = models.JSONField(_("differences"), default=list)
    file = models.OneToOneField(TrackedFile, models.SET_NULL, null=True, related_name="restore")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started"), null=True)
    completed_at = models.DateTimeField(_("ended"), null=True)
    error_code = models.CharField(_("error code"), max_length=40, blank=True)
    error = models.TextField(_("error"), blank=True)
    error_detail = models.TextField(_("the tool's own words"), blank=True)

    # Made before the target is touched; the restore begins when it is good.
    safety = models.ForeignKey(Backup, models.PROTECT, null=True, related_name="safety_of")
    wants_safety = models.BooleanField(_("a safety backup is made first"), default=False)
    safe_at = models.DateTimeField(_("the safety backup was good"), null=True)
    approved_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    approved_at = models.DateTimeField(_("approved"), null=True)
    # Written before the names change on the server, and taken back when they have not. While it
    # stands nobody here knows; the ids, which no rename changes, tell it there.
    naming_at = models.DateTimeField(_("names are changing since"), null=True)
    new_id = models.BigIntegerField(_("the server's id of the restored database"), null=True)
    old_id = models.BigIntegerField(_("the server's id of the replaced database"), null=True)
    kept_name = models.CharField(_("kept as"), max_length=63, blank=True)
    keep_old_days = models.PositiveIntegerField(_("days to keep the old database"), default=7)
    kept_until = models.DateTimeField(_("kept until"), null=True)
    errand = models.CharField(_("errand"), max_length=10, choices=Errand, blank=True)
    errand_by = models.CharField(_("errand asked for by"), max_length=200, blank=True)
    errand_at = models.DateTimeField(_("errand asked for"), null=True)
    errand_tried_at = models.DateTimeField(_("errand tried"), null=True)
    errand_name = models.CharField(_("to be kept as"), max_length=63, blank=True)
    errand_error = models.TextField(_("why the errand ended"), blank=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("restore")
        verbose_name_plural = _("restores")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="restore_company_newest"),
            models.Index(
                fields=["kept_until"], condition=~models.Q(kept_name=""), name="restore_kept"
            ),
        ]

    def __str__(self) -> str:
        return self.target_name

    @property
    def is_over(self) -> bool:
        return self.status not in ACTIVE

    @property
    def replaces(self) -> bool:
        return self.mode == self.Mode.REPLACE

    @property
    def kept_id(self) -> int | None:
        """Of the database that is kept: the old one, or after an undo the restored one."""
        if not self.kept_name or not self.is_over:
            return None
        return self.new_id if self.status == self.Status.UNDONE else self.old_id

    @property
    def note(self) -> str:
        """The comment of what is kept: by it, it is known again, also by a person with psql."""
        return f"Kept by Holdfast (restore {self.pk}): it was called {self.target_name}."

    @property
    def source_name(self) -> str:
        if self.received is not None:
            return str(self.received)
        return self.backup.file_name if self.backup else ""

    def draft(self, attempt: int) -> str:
        """The database's name until it is whole. Ours alone: who finds it may drop it."""
        return f"holdfast_{self.pk.hex[:16]}_{attempt}"


ACTIVE = (
    Restore.Status.AWAITING_APPROVAL,
    Restore.Status.PENDING,
    Restore.Status.RUNNING,
)
