"""A connection to something that can be backed up."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from access.models import Company, Scoped
from access.secrets import seal, unseal
from backups.models.kept import Kept
from monitoring.expected.models import ExpectedBackupJob
from storage.models import StorageTarget


class Database(models.Model):
    """A connection to something that can be backed up. Its password is sealed to this row."""

    class Engine(models.TextChoices):
        POSTGRESQL = "postgresql", _("PostgreSQL")

    class TlsMode(models.TextChoices):
        DISABLE = "disable", _("Never")
        PREFER = "prefer", _("When the server offers it")
        REQUIRE = "require", _("Always, any certificate")
        VERIFY_FULL = "verify-full", _("Always, certificate and host name checked")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="databases")
    name = models.CharField(
        _("name"), max_length=100, help_text=_("What people call it here, such as billing.")
    )
    engine = models.CharField(_("engine"), max_length=20, choices=Engine, default=Engine.POSTGRESQL)
    host = models.CharField(
        _("host"), max_length=255, help_text=_("A host name, an address, or a socket folder.")
    )
    port = models.PositiveIntegerField(_("port"), default=5432)
    database_name = models.CharField(
        _("database"), max_length=255, help_text=_("Its name on the server.")
    )
    username = models.CharField(_("user"), max_length=255)
    password_sealed = models.TextField(_("sealed password"), blank=True, editable=False)
    tls_mode = models.CharField(
        _("encrypted connection"), max_length=12, choices=TlsMode, default=TlsMode.PREFER
    )
    drill_every = models.PositiveIntegerField(
        _("drill every Nth backup"),
        default=1,
        db_default=1,
        help_text=_("1: each backup is restored and compared; 0: only when asked."),
    )
    drill_days = models.PositiveIntegerField(
        _("drill when the last one is older, in days"),
        null=True,
        blank=True,
        help_text=_("Besides, or in place of, every Nth."),
    )
    # What is told when it is not so: see `backups.promise` and `backups.alerting`.
    promise_hours = models.PositiveIntegerField(
        _("a good backup at least every so many hours"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 366)],
        help_text=_("Empty: as its schedules say."),
    )
    proof_days = models.PositiveIntegerField(
        _("tell when the last proof is older, in days"),
        default=30,
        db_default=30,
        help_text=_("A proof is a restore drill that compared everything. 0: never."),
    )
    protected = models.BooleanField(
        _("protected"),
        default=False,
        db_default=False,
        help_text=_("A restore in its place needs a second administrator's approval."),
    )
    # Where each of its good backups is copied to, besides the place that it was made for.
    copy_storages = models.ManyToManyField(
        StorageTarget, verbose_name=_("further copies at"), related_name="+", blank=True
    )
    # Of the backups that no schedule made; numbers by name as in `retention.policy`, or nothing.
    retention = models.JSONField(_("retention"), default=dict, blank=True)
    cleaned_at = models.DateTimeField(_("last cleanup"), null=True, editable=False)
    # Why nothing is removed until a person has looked (`retention.plan.Stop`).
    cleanup_stopped = models.CharField(
        _("cleanup stopped"), max_length=40, blank=True, default="", db_default="", editable=False
    )
    # What its backups are expected as; each of them is told there (`outcome`).
    expected_job = models.OneToOneField(
        ExpectedBackupJob,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="linked_database",
        verbose_name=_("expected as"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    objects = Kept()
    every = Scoped.as_manager()

    class Meta:
        verbose_name = _("database")
        verbose_name_plural = _("databases")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "name"],
                condition=models.Q(deleted_at=None),
                name="database_name_in_a_company",
                violation_error_message=_("A database of this name already exists."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def password(self) -> str:
        """The password in plain, for the moment of use. Raises SecretUnreadable."""
        return unseal(self.password_sealed, context=self._context) if self.password_sealed else ""

    @password.setter
    def password(self, plain: str) -> None:
        self.password_sealed = seal(plain, context=self._context) if plain else ""

    @property
    def _context(self) -> str:
        return f"backups.database:{self.pk}:password"
