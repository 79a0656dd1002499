"""The outbox: each message that is to go by a channel, and what became of it."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from monitoring.alerts.models.alert import Alert
from monitoring.alerts.models.channel import Channel


class Delivery(models.Model):
    """Written in the transaction of what it tells. `key` stays the same over all attempts."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        WORSE = "worse", _("Became worse")
        CHANGED = "changed", _("Changed")
        REPEATED = "repeated", _("Repeated")
        RESOLVED = "resolved", _("Resolved")
        DIGEST = "digest", _("Digest")
        TEST = "test", _("Test")

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        GATHERED = "gathered", _("Waiting for the digest")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        SKIPPED = "skipped", _("Not sent")

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", null=True)
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries", null=True)
    channel = models.ForeignKey(Channel, models.SET_NULL, related_name="deliveries", null=True)
    # Without a channel: to these, by the installation's mail server.
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    channel_name = models.CharField(_("channel"), max_length=100)
    digest = models.ForeignKey("self", models.SET_NULL, related_name="gathered", null=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    key = models.CharField(_("idempotency key"), max_length=100, unique=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("to be sent at"), db_default=Now())
    # When a worker was last told of it.
    woken_at = models.DateTimeField(null=True, editable=False)
    lease_until = models.DateTimeField(_("claimed until"), null=True)
    error = models.TextField(_("error"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True)

    objects = Scoped.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                condition=models.Q(status__in=["waiting", "sending"]),
                name="delivery_to_send",
            ),
            models.Index(fields=["alert", "channel", "id"], name="delivery_of_alert"),
            models.Index(fields=["channel", "-id"], name="delivery_of_channel"),
        ]

    def __str__(self) -> str:
        return self.key
