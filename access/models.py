"""People, agents, companies, memberships, tokens and the audit table."""

import uuid
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken

from access.memberships import roles_by_company
from access.roles import Role, grants
from access.secrets import seal, unseal

if TYPE_CHECKING:
    from access.policy import Actor


class User(AbstractUser):  # type: ignore[django-manager-missing]  # knox ships no types
    """A person, or the account behind an agent: both act by the same rules."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        AGENT = "agent", _("Agent")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PERSON)

    # The role that the token of this request is limited to; none when it is empty.
    cap = ""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def role_in(self, company: "Company") -> str | None:
        return roles_by_company(self).get(company.pk)

    def may(self, permission: str, company: "Company | None" = None) -> bool:
        """Whether a role grants the permission: in this company, or in any when None."""
        if not self.is_active or not self.cap_grants(permission):
            return False
        if self.is_superuser:
            return True
        roles = roles_by_company(self)
        here = roles.values() if company is None else filter(None, [roles.get(company.pk)])
        return any(grants(role, permission) for role in here)

    def cap_grants(self, permission: str) -> bool:
        """Whether the token that this request came with leaves room for the permission."""
        return not self.cap or grants(self.cap, permission)

    def roles_with(self, permission: str) -> list[Role]:
        """The roles in which this person, by this token, has the permission."""
        if not self.cap_grants(permission):
            return []
        return [role for role in Role if grants(role, permission)]


class Company(models.Model):
    """Whose data it is. Every row that a person may see belongs to one."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "company"], name="one_role_in_a_company")
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.company} · {self.get_role_display()}"


class Scoped(models.QuerySet[Any]):
    """A query set of rows that belong to a company."""

    def visible_to(self, actor: "Actor") -> Self:
        """The rows this actor may know of. Everything else answers as if it were not there."""
        permission = f"{self.model._meta.app_label}.view_{self.model._meta.model_name}"
        if not isinstance(actor, User):
            return self
        if actor.is_superuser:
            return self if actor.cap_grants(permission) else self.none()
        # By their keys and without a join: simpler to plan than to run, on lists of every kind.
        roles = actor.roles_with(permission)
        known = roles_by_company(actor).items()
        return self.filter(company_id__in=[company for company, role in known if role in roles])


class Agent(models.Model):
    """A machine account. Its user carries the role; its tokens open the API."""

    user = models.OneToOneField(User, models.CASCADE, related_name="agent")
    company = models.ForeignKey(Company, models.PROTECT, related_name="agents")
    agent_id = models.SlugField(_("agent id"), max_length=100, unique=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["agent_id"]

    def __str__(self) -> str:
        return self.agent_id


class Token(AbstractAuthToken):  # type: ignore[misc]  # knox ships no types
    """A bearer token of a person or an agent. Only its digest is kept."""

    # Knox makes it the primary key; then it would stand in addresses and in the audit.
    digest = models.CharField(max_length=128, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    scope = models.CharField(
        _("scope"),
        max_length=10,
        choices=Role,
        blank=True,
        default="",
        db_default="",
        help_text=_("At most what this role may. Empty: all that its bearer may."),
    )

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def bearer(self) -> User:
        """Whose it is, limited to its scope."""
        user: User = self.user
        user.cap = self.scope
        return user

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"


class LoginSession(models.Model):
    """Where and when one of a person's sessions was used. It goes with the session."""

    session = models.OneToOneField(
        Session, models.CASCADE, primary_key=True, related_name="login_session"
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="login_sessions")
    address = models.GenericIPAddressField(_("address"), null=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True)
    began_at = models.DateTimeField(_("logged in"), db_default=Now(), editable=False)
    seen_at = models.DateTimeField(_("last seen"), db_default=Now())
    # Given to the page in place of the key, which is the session itself.
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.user} · {self.address or ''}"


class SecondFactor(models.Model):
    """A person's second factor: the key that their phone makes codes of. The row is the switch."""

    user = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    key_sealed = models.TextField(editable=False)
    # The newest step whose code was taken: no code opens twice.
    last_step = models.BigIntegerField(default=0)
    # Wrong codes since the last right answer.
    failures = models.PositiveIntegerField(default=0)
    enabled_at = models.DateTimeField(_("turned on"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.user)

    @property
    def key(self) -> str:
        """The key in base32, for the moment of use. Raises SecretUnreadable."""
        return unseal(self.key_sealed, context=self._context)

    @key.setter
    def key(self, plain: str) -> None:
        self.key_sealed = seal(plain, context=self._context)

    @property
    def _context(self) -> str:
        return f"access.secondfactor:{self.user_id}:key"


class RecoveryCode(models.Model):
    """One that was not used yet, as a digest: who reads the table opens nothing."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_of_a_person")
        ]

    def __str__(self) -> str:
        return str(self.user)


class AuditEntry(models.Model):
    """Who did what to what, from where. Written with the change, in its transaction.

    The tick seals it into a hash chain (access.sealing); from then on a trigger of the
    database refuses every change.
    """

    at = models.DateTimeField(_("at"), db_default=Now(), editable=False, db_index=True)
    # Kept as text beside the key. The entry outlives the account and the company, and its
    # digest covers their ids: so they stay, also when nothing bears them any more.
    actor = models.ForeignKey(
        User, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    actor_name = models.CharField(_("who"), max_length=200)
    address = models.GenericIPAddressField(_("address"), null=True)
    company = models.ForeignKey(
        Company, models.DO_NOTHING, null=True, related_name="+", db_constraint=False
    )
    action = models.CharField(_("action"), max_length=60, db_index=True)
    object_type = models.CharField(_("object type"), max_length=60)
    object_id = models.CharField(_("object id"), max_length=60)
    object_name = models.CharField(_("object"), max_length=200)
    changes = models.JSONField(_("changes"), default=dict)
    position = models.BigIntegerField(_("place"), null=True, unique=True, editable=False)
    digest = models.CharField(_("digest"), max_length=64, db_default="", editable=False)

    objects = Scoped.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(position=None), name="audit_unsealed"),
            models.Index(fields=["company", "-id"], name="audit_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit entry is written once and never changed.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("An audit entry is never deleted.")
