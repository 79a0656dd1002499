"""What a cleanup was to remove, saved before anything goes, and what it did remove."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from backups.models.database import Database


class Cleanup(models.Model):
    """`planned` and `removed` are ids of backups. Nothing goes that is not planned."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    database = models.ForeignKey(Database, models.CASCADE, related_name="cleanups")
    asked_by = models.CharField(_("asked by"), max_length=200)
    confirmed = models.BooleanField(_("confirmed by a person"), default=False)
    planned = models.JSONField(_("planned"), default=list)
    removed = models.JSONField(_("removed"), default=list)
    created_at = models.DateTimeField(_("began"), db_default=Now(), editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("cleanup")
        verbose_name_plural = _("cleanups")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["database", "-created_at"], name="cleanup_of_database"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(ended_at=None),
                name="cleanup_not_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.database}: {len(self.planned)}"
