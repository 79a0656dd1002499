"""Places for bytes, and what lies there."""

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from access.secrets import seal, unseal


class _Undeleted(models.Manager[Any]):
    """Targets that were not removed; a removed one stays for the rows that tell of it."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().filter(deleted_at=None)


Kept = _Undeleted.from_queryset(Scoped)


class StorageTarget(models.Model):
    """A place for bytes. `options` holds what its backend needs (see `storage.backends`)."""

    class Kind(models.TextChoices):
        LOCAL = "local", _("Local folder")
        S3 = "s3", _("S3 bucket")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="storage_targets")
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.LOCAL)
    options = models.JSONField(_("options"), default=dict)
    secret_sealed = models.TextField(
        _("sealed secret"), blank=True, default="", db_default="", editable=False
    )
    is_default = models.BooleanField(_("used when none is named"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("removed"), null=True, editable=False)

    objects = Kept()
    every = Scoped.as_manager()

    class Meta:
        verbose_name = _("storage target")
        verbose_name_plural = _("storage targets")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "name"],
                condition=models.Q(deleted_at=None),
                name="storage_name_in_a_company",
                violation_error_message=_("A storage of this name already exists."),
            ),
            models.UniqueConstraint(
                fields=["company"],
                condition=models.Q(is_default=True),
                name="one_default_storage_in_a_company",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """The secret in plain, for the moment of use. Raises SecretUnreadable."""
        return unseal(self.secret_sealed, context=self._context) if self.secret_sealed else ""

    @secret.setter
    def secret(self, plain: str) -> None:
        self.secret_sealed = seal(plain, context=self._context) if plain else ""

    @property
    def _context(self) -> str:
        return f"storage.target:{self.pk}:secret"

    @property
    def where(self) -> str:
        """The place in one line, for people."""
        if self.kind == self.Kind.LOCAL:
            return str(self.options.get("folder") or "")
        way = f"s3://{self.options.get('bucket')}/{self.options.get('prefix') or ''}".rstrip("/")
        endpoint = self.options.get("endpoint")
        return f"{way} ({endpoint})" if endpoint else way


class StoredObject(models.Model):
    """One file at one target. A row is written when the bytes are published, never before."""

    class State(models.TextChoices):
        STORED = "stored", _("Stored")
        CORRUPT = "corrupt", _("Corrupt")
        MISSING = "missing", _("Missing")
        DELETED = "deleted", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    target = models.ForeignKey(StorageTarget, models.PROTECT, related_name="objects_stored")
    key = models.CharField(_("key"), max_length=500)
    size = models.BigIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("sha256"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.STORED)
    stored_at = models.DateTimeField(_("stored"), db_default=Now(), editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True)
    # Until when the target itself refuses to remove it (Object Lock).
    retain_until = models.DateTimeField(_("locked until"), null=True, blank=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("stored object")
        verbose_name_plural = _("stored objects")
        ordering = ["-stored_at"]
        constraints = [
            models.UniqueConstraint(fields=["target", "key"], name="one_object_under_a_key")
        ]

    def __str__(self) -> str:
        return self.key


class Orphan(models.Model):
    """A file at a target that belongs to nothing, in quarantine: it lies where it lay.

    `days_seen` counts days on which it was found, so that a clock that jumps ends no quarantine.
    """

    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    target = models.ForeignKey(StorageTarget, models.CASCADE, related_name="orphans")
    key = models.CharField(_("key"), max_length=500)
    size = models.BigIntegerField(_("size in bytes"))
    first_seen_at = models.DateTimeField(_("first seen"), db_default=Now(), editable=False)
    counted_at = models.DateTimeField(_("last counted"), db_default=Now(), editable=False)
    days_seen = models.PositiveIntegerField(_("days seen"), default=1, db_default=1)
    # Of the walk through the target that saw it last.
    walk = models.UUIDField(editable=False)
    removing_at = models.DateTimeField(_("being removed"), null=True, editable=False)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("orphan")
        verbose_name_plural = _("orphans")
        ordering = ["first_seen_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["target", "key"], name="one_orphan_of_a_key")
        ]

    def __str__(self) -> str:
        return self.key
