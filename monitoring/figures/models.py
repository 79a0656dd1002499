"""Counts as rows. Triggers append what each change adds; the tick sums it up (`folding`)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from access.models import Company


class Tally(models.Model):
    """`amount` is seconds of completed files, or bytes of stored ones. `by` made the files."""

    class Of(models.TextChoices):
        FILES = "files", _("files of a state")
        MADE = "made", _("files made in a quarter of an hour")
        STORED = "stored", _("bytes at the storages")

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    of = models.CharField(max_length=6, choices=Of)
    # A number, not a key: the account may be gone, and what it made still counts.
    by = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=10, db_default="")
    status = models.CharField(max_length=12, db_default="")
    quarter = models.DateTimeField(null=True)
    count = models.BigIntegerField()
    amount = models.FloatField(db_default=0)
    is_folded = models.BooleanField(db_default=False)

    class Meta:
        app_label = "monitoring"
        verbose_name = _("count")
        verbose_name_plural = _("counts")
        indexes = [
            models.Index(fields=["of", "company"], name="tally_of_company"),
            models.Index(fields=["quarter"], condition=Q(of="made"), name="tally_made"),
            models.Index(fields=["id"], condition=Q(is_folded=False), name="tally_unfolded"),
        ]

    def __str__(self) -> str:
        return f"{self.of} {self.kind} {self.status}: {self.count}"
