"""A notice: its text, to whom, and when it holds."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, User


class Notice(models.Model):
    """Without a company it is for everyone; without an end it holds until it is withdrawn."""

    class Kind(models.TextChoices):
        SYSTEM = "system", _("System")
        MAINTENANCE = "maintenance", _("Maintenance")
        ALERT = "alert", _("Alert")

    class Level(models.TextChoices):
        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    company = models.ForeignKey(
        Company, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("for whom")
    )
    kind = models.CharField(_("kind"), max_length=11, choices=Kind, default=Kind.SYSTEM)
    level = models.CharField(_("level"), max_length=7, choices=Level, default=Level.INFO)
    title = models.CharField(_("title"), max_length=120)
    message = models.TextField(_("message"), max_length=2000, blank=True)
    starts_at = models.DateTimeField(_("from"), db_default=Now())
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        indexes = [models.Index(fields=["ends_at"], name="notice_end")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="notice_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return self.title
