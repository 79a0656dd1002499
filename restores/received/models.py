"""A file that was not made here, and what it was recognized as."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped, User


class ReceivedFile(models.Model):
    """`name` is what its sender called it: shown, and never a part of a path."""

    class Origin(models.TextChoices):
        UPLOAD = "upload", _("Upload")
        PATH = "path", _("Local path")

    class State(models.TextChoices):
        HERE = "here", _("Here")
        EXPIRED = "expired", _("Expired")
        DELETED = "deleted", _("Deleted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    origin = models.CharField(_("origin"), max_length=10, choices=Origin, default=Origin.UPLOAD)
    name = models.CharField(_("name"), max_length=500)
    path = models.CharField(_("path"), max_length=4000, blank=True)
    size = models.BigIntegerField(_("size"))
    sha256 = models.CharField(_("sha256"), max_length=64, blank=True)
    contents = models.JSONField(_("recognized"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.HERE)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("kept until"), null=True)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("received file")
        verbose_name_plural = _("received files")
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["company", "-created_at", "-id"], name="received_company_newest"),
            models.Index(fields=["state", "expires_at"], name="received_expiry"),
        ]

    def __str__(self) -> str:
        return self.name
