"""Server processes with those who listen to them, and tickets to listen by."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Token, User


class ServerProcess(models.Model):
    """Written by the process itself, every few seconds; one that is silent counts no more.

    `users` and `addresses` say how many connections each has open there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    connections = models.JSONField(default=dict)
    users = models.JSONField(default=dict)
    addresses = models.JSONField(default=dict)
    measured = models.JSONField(default=dict)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("server process")
        verbose_name_plural = _("server processes")

    def __str__(self) -> str:
        return str(self.id)


class LiveTicket(models.Model):
    """A short proof for an address, kept as a digest. It ends with the login that it was got by."""

    digest = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    token = models.ForeignKey(Token, models.CASCADE, null=True, related_name="+")
    session_key = models.CharField(max_length=40, db_default="", default="")
    # What it was first used for; from then on it opens nothing else.
    stream = models.CharField(max_length=300, db_default="", default="")
    ends_at = models.DateTimeField()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("ticket to listen")
        verbose_name_plural = _("tickets to listen")
        indexes = [models.Index(fields=["ends_at"], name="ticket_end")]

    def __str__(self) -> str:
        return self.digest[:8]
