"""An alert: something that needs attention, from when it was first seen until it is over."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped


class Alerts(Scoped):
    def open(self) -> "Alerts":
        return self.filter(resolved_at=None)


class Alert(models.Model):
    """One open row for a key; what comes again after its end is a new row.

    The part of the key before its first colon is the rule. Without a company it is of the whole
    installation, and superusers see it.
    """

    class Severity(models.TextChoices):
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        CRITICAL = "critical", _("Critical")

    company = models.ForeignKey(Company, models.PROTECT, related_name="+", null=True, blank=True)
    key = models.CharField(_("key"), max_length=200)
    rule = models.CharField(_("rule"), max_length=60)
    severity = models.CharField(
        _("severity"), max_length=10, choices=Severity, default=Severity.WARNING
    )
    subject = models.CharField(_("subject"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    # Of a page of ours, from its slash on.
    url = models.CharField(_("page"), max_length=300, blank=True)
    # The name of what it speaks of, by which channels choose.
    about = models.CharField(_("about"), max_length=200, blank=True)
    object_type = models.CharField(_("object type"), max_length=60, blank=True)
    object_id = models.CharField(_("object id"), max_length=60, blank=True)
    # Who gets it by mail besides the channels.
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    # What happened last, such as the id of a run: the same told twice counts once.
    occurrence = models.CharField(_("last occurrence"), max_length=200, blank=True)
    count = models.PositiveIntegerField(_("times"), default=1)
    # What does not last has no end of its own: to acknowledge it is its end.
    lasting = models.BooleanField(_("ends by itself"), default=True, db_default=True)
    first_seen_at = models.DateTimeField(_("first seen"), db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    acknowledged_by = models.CharField(_("acknowledged by"), max_length=200, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True)

    objects = Alerts.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(resolved_at=None),
                name="one_open_alert_for_a_key",
            )
        ]
        indexes = [
            models.Index(
                fields=["rule", "key"],
                condition=models.Q(resolved_at=None),
                name="alert_open_of_rule",
            ),
            models.Index(fields=["company", "-id"], name="alert_company_newest"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    @property
    def state(self) -> str:
        """The badge: resolved, acknowledged, or its severity."""
        if self.resolved_at is not None:
            return "resolved"
        return "acknowledged" if self.acknowledged_at else str(self.severity)
