"""Saying something to everyone, and taking it back: the same for the page, API and command."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from access import audit
from access.models import Company, User
from access.policy import Actor, NotAllowed, companies_where
from monitoring.events.wakeups import wake
from monitoring.notices.models import Notice

ADD = "monitoring.add_notice"
# The name by which the hubs know what changed.
GENERAL = "general"


@transaction.atomic
def post_notice(
    *,
    actor: Actor,
    title: str,
    message: str = "",
    kind: str = Notice.Kind.SYSTEM,
    level: str = Notice.Level.INFO,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    company: Company | None = None,
) -> Notice:
    """Without a company for everyone, which only administrators of all companies may.

    Raises NotAllowed, ValidationError.
    """
    if not may_post(actor, company):
        raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
    if not title.strip() or len(title) > 120:
        raise ValidationError({"title": _("Give a title of at most 120 characters.")})
    if len(message) > 2000:
        raise ValidationError({"message": _("A message has at most 2000 characters.")})
    if kind not in Notice.Kind.values:
        raise ValidationError({"kind": _("There is no such kind.")})
    if level not in Notice.Level.values:
        raise ValidationError({"level": _("There is no such level.")})
    if ends_at is not None and ends_at <= (starts_at or timezone.now()):
        raise ValidationError({"ends_at": _("It must end after it begins, and later than now.")})
    notice = Notice(
        company=company,
        kind=kind,
        level=level,
        title=title.strip(),
        message=message.strip(),
        ends_at=ends_at,
        created_by=actor if isinstance(actor, User) else None,
    )
    if starts_at is not None:
        notice.starts_at = starts_at
    notice.save()
    notice.refresh_from_db()
    _record(actor, "notice.posted", notice)
    return notice


@transaction.atomic
def withdraw_notice(*, actor: Actor, notice: Notice) -> None:
    """It ends now; who listens is told so. Raises NotAllowed."""
    locked = Notice.objects.select_for_update().get(pk=notice.pk)
    if not may_post(actor, locked.company):
        raise NotAllowed(_("Your role does not allow this. Ask an administrator."))
    if not Notice.objects.filter(pk=notice.pk).exclude(ends_at__lte=Now()).exists():
        return
    begun = Notice.objects.filter(pk=notice.pk, starts_at__lte=Now()).update(ends_at=Now())
    if not begun:
        # Nobody has seen it yet.
        Notice.objects.filter(pk=notice.pk).update(starts_at=Now(), ends_at=Now())
    _record(actor, "notice.withdrawn", locked)


def may_post(actor: Actor, company: Company | None) -> bool:
    if company is None:
        return actor.is_superuser and actor.may(ADD)
    return actor.may(ADD, company)


def audiences_of(actor: Actor) -> list[Company | None]:
    """For whom this actor may post: None is everyone."""
    everyone: list[Company | None] = [None] if may_post(actor, None) else []
    return [*everyone, *companies_where(actor, ADD).order_by("name")]


def _record(actor: Actor, action: str, notice: Notice) -> None:
    audit.record(actor=actor, action=action, thing=notice, company=notice.company)
    transaction.on_commit(lambda: wake(GENERAL), robust=True)
