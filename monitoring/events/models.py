"""One row for each change of state, written in the transaction of the change."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped

if TYPE_CHECKING:
    _Base = models.BigIntegerField[int, int]
else:
    _Base = models.BigIntegerField


class XidField(_Base):
    """A transaction's number (PostgreSQL's xid8): it never wraps around."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - the signature is Django's
        return "xid8"

    def from_db_value(self, value: Any, *_rest: Any) -> int | None:
        return None if value is None else int(value)


class CurrentXid(models.Func):
    function = "pg_current_xact_id"
    output_field = XidField()
    arity = 0


class Event(models.Model):
    """Ids commit out of order: a reader's cursor is (xid, id), below every open transaction."""

    class Topic(models.TextChoices):
        FILE = "file", _("File")

    xid = XidField(db_default=CurrentXid(), editable=False)
    at = models.DateTimeField(_("at"), db_default=Now(), editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    topic = models.CharField(_("topic"), max_length=20, choices=Topic)
    subject = models.UUIDField(_("of what"))
    state = models.CharField(_("state"), max_length=20)

    objects = Scoped.as_manager()

    class Meta:
        app_label = "monitoring"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["xid", "id"]
        indexes = [
            models.Index(fields=["xid", "id"], name="event_order"),
            models.Index(fields=["subject", "id"], name="event_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.subject}: {self.state}"
