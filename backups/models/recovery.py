"""What is known of the owner's key, which is kept offline."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import User


class RecoveryKey(models.Model):
    """The owner's key, kept offline: whether it was fetched, and tried."""

    public = models.CharField(_("public key"), max_length=100, primary_key=True)
    made_at = models.DateTimeField(_("made"), db_default=Now(), editable=False)
    downloaded_at = models.DateTimeField(_("downloaded"), null=True)
    downloaded_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    rehearsed_at = models.DateTimeField(_("rehearsed"), null=True)
    rehearsed_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("recovery key")
        verbose_name_plural = _("recovery keys")

    def __str__(self) -> str:
        return self.public
