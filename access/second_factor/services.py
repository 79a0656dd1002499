"""Verbs on a person's second factor: set up, check an answer, new recovery codes, turn off."""

import time

import structlog
from django.db import transaction
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _

from access import audit
from access.models import RecoveryCode, SecondFactor, User
from access.policy import Actor, NotAllowed
from access.second_factor import codes
from access.second_factor.policy import is_required
from access.secrets import SecretUnreadable
from access.sessions import end_other_sessions

log = structlog.get_logger(__name__)

# Wrong codes without a right one between them. Three of a million are right at a time, so
# guessing a person's code ends at 0.03 %, from however many addresses and over however long.
MOST_FAILURES = 100


class SecondFactorError(Exception):
    """What was asked for cannot be; the message says why."""

    code = "second_factor_refused"


class Answer(TextChoices):
    """What an answer was worth."""

    RIGHT = "right"
    WRONG = "wrong"
    # Not counted: it was right once, and guessing it again wins nothing.
    USED = "used"
    # The key cannot be opened, or too many were wrong: only a recovery code helps.
    NEEDS_RECOVERY = "needs_recovery"


def enable(*, user: User, key: str, code: str, session: str | None) -> list[str]:
    """Turn it on, or move it to another phone, when the phone's code is right.

    Returns the recovery codes, which cannot be had again. Every session but `session` ends: they
    were begun without it. Raises SecondFactorError.
    """
    step = codes.step_of(key, codes.plain(code), time.time())
    if step is None:
        raise SecondFactorError(
            _("This code does not fit. The clock here says %s UTC: the phone's must agree.")
            % timezone.now().strftime("%H:%M:%S")
        )
    with transaction.atomic():
        # Of two tabs that end at once the later one wins, with its own recovery codes.
        User.objects.select_for_update().get(pk=user.pk)
        factor = SecondFactor(user=user, last_step=step)
        factor.key = key
        replaces = SecondFactor.objects.filter(user=user).delete()[0] > 0
        factor.save()
        audit.record(
            actor=user, action="second_factor.enabled", thing=user, changes={"replaces": replaces}
        )
        end_other_sessions(user=user, but=session)
        return _new_recovery_codes(user)


@transaction.atomic
def check(*, user: User, answer: str) -> Answer:
    """Whether an answer is the phone's code of now or a recovery code. Either is taken once.

    The row is locked: of two requests with one code one is refused, and no two guesses count
    as one.
    """
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    if factor is None:
        return Answer.WRONG
    answer = codes.plain(answer)
    found = _check_code(factor, answer) if codes.looks_like_code(answer) else _recover(user, answer)
    if found == Answer.RIGHT:
        factor.failures = 0
    elif found == Answer.WRONG:
        factor.failures += 1
    factor.save(update_fields=["failures", "last_step"])
    if found != Answer.RIGHT:
        audit.record(
            actor=user, action="second_factor.failed", thing=user, changes={"why": str(found)}
        )
    return found


@transaction.atomic
def renew_recovery_codes(*, user: User) -> list[str]:
    """New ones in place of all that are left. Raises SecondFactorError."""
    if not SecondFactor.objects.select_for_update().filter(user=user).exists():
        raise SecondFactorError(_("There is no second factor yet."))
    audit.record(actor=user, action="second_factor.codes_renewed", thing=user)
    return _new_recovery_codes(user)


@transaction.atomic
def disable(*, user: User) -> None:
    """Raises SecondFactorError where it is required."""
    if is_required(user):
        raise SecondFactorError(_("Here it is required. You can move it to another phone."))
    if _forget(user):
        audit.record(actor=user, action="second_factor.disabled", thing=user)


@transaction.atomic
def reset(*, user: User, actor: Actor) -> bool:
    """Take another's away, whose phone and codes are lost; whether there was one.

    All of the person's sessions end: who has the phone may have one. Raises NotAllowed.
    """
    if not actor.is_superuser:
        raise NotAllowed(_("Only who administers all companies may reset a second factor."))
    had_one = _forget(user)
    if had_one:
        audit.record(actor=actor, action="second_factor.reset", thing=user)
        end_other_sessions(user=user, but=None, actor=actor)
    return had_one


def _check_code(factor: SecondFactor, answer: str) -> Answer:
    if factor.failures >= MOST_FAILURES:
        return Answer.NEEDS_RECOVERY
    try:
        step = codes.step_of(factor.key, answer, time.time())
    except SecretUnreadable as error:
        log.error("second_factor_unreadable", user=factor.user_id, error=str(error))
        return Answer.NEEDS_RECOVERY
    if step is None:
        return Answer.WRONG
    # Also after the clock was set back: a step is never taken again.
    if step <= factor.last_step:
        return Answer.USED
    factor.last_step = step
    return Answer.RIGHT


def _recover(user: User, answer: str) -> Answer:
    digest = codes.recovery_digest(user.pk, answer)
    taken, _each = RecoveryCode.objects.filter(user=user, digest=digest).delete()
    if not taken:
        return Answer.WRONG
    left = RecoveryCode.objects.filter(user=user).count()
    audit.record(
        actor=user, action="second_factor.recovery_used", thing=user, changes={"left": left}
    )
    return Answer.RIGHT


def _new_recovery_codes(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    made = [codes.new_recovery_code() for _ in range(codes.RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=codes.recovery_digest(user.pk, one)) for one in made
    )
    return made


def _forget(user: User) -> bool:
    RecoveryCode.objects.filter(user=user).delete()
    return SecondFactor.objects.filter(user=user).delete()[0] > 0
