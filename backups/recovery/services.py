"""Verbs on the recovery key: hand it out, try it, take it off this server.

The order is fixed: nothing is removed here before the owner has shown that the copy opens.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from access import audit
from access.models import AuditEntry, User
from access.policy import Actor, NotAllowed
from backups import keyring
from backups.errors import BadOption
from backups.models import RecoveryKey
from backups.recovery.challenges import Challenge
from backups.recovery.errors import (
    AlreadyTried,
    ChallengeExpired,
    KeyGone,
    NotTried,
    TooManyTries,
    WrongAnswer,
)
from backups.recovery.state import KeyState, current_public, key_state, may_manage, read_secret

REFUSED = "recovery_key.refused"
TRIES = 5
TRIES_WITHIN = timedelta(minutes=15)


def require_manager(actor: Actor) -> None:
    if not may_manage(actor):
        raise NotAllowed(_("The recovery key is for administrators of all companies here."))


def download_key(*, actor: Actor) -> bytes:
    """The key file, for the browser of a person who was asked again (access.reauthentication).

    Until it was tried it can be fetched again: a download that never arrived must lock nobody
    out. Raises NotAllowed, AlreadyTried, KeyGone.
    """
    require_manager(actor)
    state = key_state()
    if state.is_ready and state.secret_here:
        raise AlreadyTried(_("It was downloaded and tried already, and is handed out no more."))
    return _hand_out(actor, how="download")


def export_key(*, actor: Actor) -> bytes:
    """The key file, for the command line of the server: its operator can read it anyway."""
    require_manager(actor)
    return _hand_out(actor, how="export")


def rehearse_key(*, actor: Actor, challenge: Challenge, answer: str) -> None:
    """Note that the owner's copy opens what is encrypted to the key, when the answer is right.

    Raises NotAllowed, NotTried, ChallengeExpired, TooManyTries, WrongAnswer.
    """
    require_manager(actor)
    state = key_state()
    if not state.is_downloaded:
        # The file that lies here opens it too, and shows nothing of a copy elsewhere.
        raise NotTried(_("Download the key first: what is tried is your copy."))
    if challenge.public != state.key.public or challenge.has_expired():
        raise ChallengeExpired(_("This challenge is over."))
    if "AGE-SECRET-KEY-" in answer.upper():
        raise WrongAnswer(_("This is the key itself. Keep it away from here; give the phrase."))
    _must_be_right(
        actor, "phrase", lambda: challenge.is_answered_by(answer), _("This is not the phrase.")
    )
    with transaction.atomic():
        key = _locked(state.key.public)
        RecoveryKey.objects.filter(pk=key.pk).update(
            rehearsed_at=Now(), rehearsed_by=_person(actor)
        )
        audit.record(actor=actor, action="recovery_key.rehearsed", thing=key)


def remove_secret(*, actor: Actor, confirmation: str) -> None:
    """Take the secret half off this server, for good. Raises NotAllowed, KeyGone, NotTried,
    or BadOption when the confirmation is not the end of the public key."""
    require_manager(actor)
    state = key_state()
    _need_secret(state)
    if not state.is_ready:
        raise NotTried(_("It stays here until you have tried your copy."))
    if confirmation.strip().lower() != state.confirmation:
        raise BadOption("confirmation", _("Type the last six characters: %s") % state.confirmation)
    with transaction.atomic():
        key = _locked(state.key.public)
        audit.record(actor=actor, action="recovery_key.removed", thing=key)
        path = keyring.identity_path("recovery")
        path.unlink()
        sync_folder(path.parent)


def _hand_out(actor: Actor, *, how: str) -> bytes:
    state = key_state()
    secret = _need_secret(state)
    with transaction.atomic():
        key = _locked(state.key.public)
        if key.rehearsed_at is None:
            RecoveryKey.objects.filter(pk=key.pk).update(
                downloaded_at=Now(), downloaded_by=_person(actor)
            )
        audit.record(actor=actor, action="recovery_key.handed_out", thing=key, changes={"how": how})
    return _key_file(key.public, secret).encode()


def _key_file(public: str, secret: str) -> str:
    """As `age-keygen` writes it: lines with # are remarks to age."""
    lines = [
        _("Holdfast recovery key. Who has it can read every backup of this installation."),
        _("Restore: age -d -i %(file)s FILE") % {"file": keyring.RECOVERY_FILE},
        f"public key: {public}",
    ]
    return "".join(f"# {line}\n" for line in lines) + f"{secret}\n"


def _need_secret(state: KeyState) -> str:
    secret = read_secret(state.key.public)
    if secret is not None:
        return secret
    if state.made_here:
        raise KeyGone(_("The recovery key was removed from this server; it cannot be had again."))
    raise KeyGone(_("Only the public half of the recovery key is on this server."))


def _locked(public: str) -> RecoveryKey:
    RecoveryKey.objects.get_or_create(public=public)
    found: RecoveryKey = RecoveryKey.objects.select_for_update().get(pk=public)
    return found


def _must_be_right(actor: Actor, what: str, is_right: Callable[[], bool], sentence: str) -> None:
    """Raises WrongAnswer, and TooManyTries without looking at the answer.

    Counted in the audit table: it needs no Redis, and a new session starts no new count. One at
    a time, so that many at once are not many tries more.
    """
    with transaction.atomic():
        key = _locked(current_public())
        refused = AuditEntry.objects.filter(action=REFUSED, actor_name=actor.get_username())
        if refused.filter(at__gt=Now() - TRIES_WITHIN).count() >= TRIES:
            raise TooManyTries(_("Too many wrong answers."))
        if is_right():
            return
        audit.record(actor=actor, action=REFUSED, thing=key, changes={"what": what})
    raise WrongAnswer(sentence)


def _person(actor: Actor) -> User | None:
    return actor if isinstance(actor, User) else None


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
