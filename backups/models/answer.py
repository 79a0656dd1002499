"""Answers that were given, so that a repeated request makes nothing new."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import User
from backups.models.backup import Backup


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
