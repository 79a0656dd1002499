"""How full each storage was, hour by hour: what a forecast is made from."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from storage.models import StorageTarget


class StorageReading(models.Model):
    target = models.ForeignKey(StorageTarget, models.CASCADE, related_name="readings")
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    free_bytes = models.BigIntegerField(_("free"))
    total_bytes = models.BigIntegerField(_("size"))

    class Meta:
        app_label = "monitoring"
        verbose_name = _("reading of a storage")
        verbose_name_plural = _("readings of storages")
        ordering = ["-at"]
        indexes = [models.Index(fields=["target", "-at"], name="reading_of_target")]

    def __str__(self) -> str:
        return f"{self.target_id} {self.at:%Y-%m-%d %H:%M}"
