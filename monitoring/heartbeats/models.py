"""One row for each watcher: when it last went round, by the database's clock."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    name = models.CharField(_("name"), max_length=60, primary_key=True)
    at = models.DateTimeField(_("last beat"))

    class Meta:
        app_label = "monitoring"
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.name
