"""Where alerts are sent, what goes there, and when nothing is to be sent."""

import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from access.secrets import seal, unseal
from monitoring.alerts.models.alert import Alert


class Channel(models.Model):
    """One way to people, with what is to go by it. Without a company it is for all of them.

    `rules` are beginnings of rules, such as `backup.`; `about` are names of things. Empty: all.
    """

    class Kind(models.TextChoices):
        MAIL = "mail", _("Mail")
        SERVICE = "service", _("Chat or other service")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="+", null=True, blank=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MAIL)
    enabled = models.BooleanField(_("in use"), default=True)
    recipients = models.JSONField(_("recipients"), default=list, blank=True)
    # The service's address; of mail the server, when it is not the installation's own.
    address_sealed = models.TextField(editable=False, blank=True)
    least_severity = models.CharField(
        _("from this severity"),
        max_length=10,
        choices=Alert.Severity,
        default=Alert.Severity.WARNING,
    )
    rules = models.JSONField(_("only rules that begin so"), default=list, blank=True)
    about = models.JSONField(_("only about"), default=list, blank=True)
    after_count = models.PositiveIntegerField(_("from this many times on"), default=1)
    on_recovery = models.BooleanField(_("tell when it is over"), default=True)
    repeat_minutes = models.PositiveIntegerField(
        _("repeat after minutes, until acknowledged"), null=True, blank=True
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_to = models.TimeField(_("quiet until"), null=True, blank=True)
    digest_at = models.TimeField(_("gathered, and sent at"), null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = Scoped.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """The address with its secrets, for the moment of use. Raises SecretUnreadable."""
        return unseal(self.address_sealed, context=self._context) if self.address_sealed else ""

    @address.setter
    def address(self, plain: str) -> None:
        self.address_sealed = seal(plain, context=self._context) if plain else ""

    @property
    def _context(self) -> str:
        return f"monitoring.channel:{self.pk}:address"


class MaintenanceWindow(models.Model):
    """A time in which nothing is sent. What is still so at its end is sent then."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", null=True, blank=True)
    begins_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    about = models.JSONField(_("only about"), default=list, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by = models.CharField(_("created by"), max_length=200)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = Scoped.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("maintenance window")
        verbose_name_plural = _("maintenance windows")
        ordering = ["-ends_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("begins_at")),
                name="maintenance_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return self.reason or f"{self.begins_at:%Y-%m-%d %H:%M}"
