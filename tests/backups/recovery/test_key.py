"""The recovery key's three steps as verbs: who may, in which order, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from pyrage import x25519

from access.models import AuditEntry, Company, Membership, User
from access.policy import NotAllowed, System
from access.roles import Role
from backups import keyring
from backups.errors import BadOption, KeyMissing
from backups.recovery.challenges import LIFETIME, new_challenge
from backups.recovery.errors import (
    AlreadyTried,
    ChallengeExpired,
    KeyGone,
    NotTried,
    TooManyTries,
    WrongAnswer,
)
from backups.recovery.services import (
    TRIES,
    download_key,
    export_key,
    rehearse_key,
    remove_secret,
)
from backups.recovery.state import current_public, key_state, may_manage, targets_beside_key
from config.places import Places
from storage.models import StorageTarget
from tests.backups.recovery.conftest import Owner
from tests.disks import another_disk

pytestmark = pytest.mark.django_db


def refuse_everything(actor: User) -> None:
    """Each verb answers that the role does not allow it, and changes nothing."""
    challenge = new_challenge(public=current_public())
    for verb in (
        lambda: download_key(actor=actor),
        lambda: export_key(actor=actor),
        lambda: rehearse_key(actor=actor, challenge=challenge, answer=""),
        lambda: remove_secret(actor=actor, confirmation=key_state().confirmation),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert not may_manage(actor)
    assert not key_state().is_downloaded
    assert not AuditEntry.objects.exists()


def test_only_who_administers_all_companies_may(
    company: Company, admin: User, superuser: User, viewer: User, operator: User, agent: User
) -> None:
    assert may_manage(admin)
    assert may_manage(superuser)
    assert may_manage(System("cli"))
    for actor in (viewer, operator, agent):
        refuse_everything(actor)


def test_an_administrator_of_one_of_two_companies_may_not(
    admin: User, two_companies: Company
) -> None:
    refuse_everything(admin)
    membership = Membership.objects.create(user=admin, company=two_companies, role=Role.OPERATOR)
    refuse_everything(admin)
    membership.role = Role.ADMIN
    membership.save()
    assert may_manage(admin)
    admin.is_active = False
    assert not may_manage(admin)


def test_the_three_steps(owner: Owner, admin: User) -> None:
    state = key_state()
    assert (state.is_downloaded, state.is_ready, state.secret_here) == (False, False, True)

    owner.download()
    state = key_state()
    assert (state.is_downloaded, state.is_ready, state.secret_here) == (True, False, True)
    assert state.key.downloaded_by == admin

    challenge = owner.challenge()
    rehearse_key(actor=admin, challenge=challenge, answer=owner.decrypt(challenge))
    state = key_state()
    assert (state.is_ready, state.secret_here, state.key.rehearsed_by) == (True, True, admin)

    remove_secret(actor=admin, confirmation=state.key.public[-6:].upper() + " ")
    state = key_state()
    assert (state.is_ready, state.secret_here, state.made_here) == (True, False, True)
    assert not keyring.identity_path("recovery").exists()
    assert current_public() == state.key.public
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == [
        "recovery_key.handed_out",
        "recovery_key.rehearsed",
        "recovery_key.removed",
    ]

    # The copy can still be tried, and nothing brings the key back.
    challenge = owner.challenge()
    rehearse_key(actor=admin, challenge=challenge, answer=owner.decrypt(challenge))
    with pytest.raises(KeyGone, match="removed"):
        export_key(actor=System("cli"))
    with pytest.raises(KeyGone):
        remove_secret(actor=admin, confirmation=state.confirmation)


def test_wrong_phrases_are_limited(owner: Owner, admin: User) -> None:
    owner.download()
    challenge = owner.challenge()
    for _number in range(TRIES):
        with pytest.raises(WrongAnswer):
            rehearse_key(actor=admin, challenge=challenge, answer="guess")
    # Also the right one is not looked at, in no session of this person.
    phrase = owner.decrypt(challenge)
    with pytest.raises(TooManyTries):
        rehearse_key(actor=admin, challenge=challenge, answer=phrase)
    refused = AuditEntry.objects.filter(action="recovery_key.refused")
    assert refused.count() == TRIES
    assert "guess" not in str(list(refused.values()))
    AuditEntry.objects.model._base_manager.filter(actor=admin).update(
        at=AuditEntry.objects.latest("at").at - timedelta(minutes=16)
    )
    rehearse_key(actor=admin, challenge=challenge, answer=phrase)


def test_until_it_is_tried_it_can_be_fetched_again(owner: Owner, admin: User) -> None:
    owner.download()
    first = owner.file.read_bytes()
    owner.download()
    assert owner.file.read_bytes() == first
    challenge = owner.challenge()
    rehearse_key(actor=admin, challenge=challenge, answer=owner.decrypt(challenge))
    with pytest.raises(AlreadyTried):
        download_key(actor=admin)
    # Who is on the server can read the file anyway.
    assert export_key(actor=System("cli")) == first


def test_the_phrase_may_be_spoken_but_must_be_right(owner: Owner, admin: User) -> None:
    owner.download()
    challenge = owner.challenge()
    phrase = owner.decrypt(challenge)
    assert challenge.armored not in str(challenge.digest)
    assert phrase.strip() not in str(challenge.as_dict())
    other = owner.decrypt(owner.challenge())
    for wrong in ("", other, phrase.split()[0]):
        with pytest.raises(WrongAnswer, match="not the phrase"):
            rehearse_key(actor=admin, challenge=challenge, answer=wrong)
    assert not key_state().is_ready
    rehearse_key(actor=admin, challenge=challenge, answer=f"  {phrase.upper()}  ")
    assert key_state().is_ready


def test_the_key_pasted_by_mistake_is_refused_and_written_nowhere(
    owner: Owner, admin: User
) -> None:
    owner.download()
    before = AuditEntry.objects.count()
    with pytest.raises(WrongAnswer, match="the key itself"):
        rehearse_key(
            actor=admin, challenge=owner.challenge(), answer=owner.file.read_text().lower()
        )
    assert AuditEntry.objects.count() == before


def test_a_challenge_ends(owner: Owner, admin: User) -> None:
    owner.download()
    made = owner.challenge()
    phrase = owner.decrypt(made)
    old = type(made)(**{**made.as_dict(), "made_at": "2020-01-01T00:00:00+00:00"})
    assert not made.has_expired()
    assert old.has_expired()
    assert timedelta(minutes=30) == LIFETIME
    with pytest.raises(ChallengeExpired):
        rehearse_key(actor=admin, challenge=old, answer=phrase)
    strange = new_challenge(public=str(x25519.Identity.generate().to_public()))
    with pytest.raises(ChallengeExpired):
        rehearse_key(actor=admin, challenge=strange, answer=phrase)


def test_the_order_is_fixed(owner: Owner, admin: User, places: Places) -> None:
    challenge = owner.challenge()
    # Who reads the server's own file answers rightly, and shows nothing.
    current_public()
    owner.file.write_bytes((places.keys / "recovery.agekey").read_bytes())
    phrase = owner.decrypt(challenge)
    with pytest.raises(NotTried, match="Download"):
        rehearse_key(actor=admin, challenge=challenge, answer=phrase)
    with pytest.raises(NotTried, match="stays here"):
        remove_secret(actor=admin, confirmation=key_state().confirmation)
    owner.download()
    with pytest.raises(NotTried):
        remove_secret(actor=admin, confirmation=key_state().confirmation)
    rehearse_key(actor=admin, challenge=challenge, answer=phrase)
    for wrong in ("", "yes", key_state().key.public[:6]):
        with pytest.raises(BadOption, match="last six"):
            remove_secret(actor=admin, confirmation=wrong)
    assert key_state().secret_here


def test_a_key_from_elsewhere_is_tried_without_a_download(
    owner: Owner, admin: User, settings: LazySettings
) -> None:
    from dataclasses import replace

    identity = x25519.Identity.generate()
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT, recovery_recipient=str(identity.to_public())
    )
    state = key_state()
    assert (state.made_here, state.secret_here, state.is_ready) == (False, False, False)
    with pytest.raises(KeyGone, match="public half"):
        download_key(actor=admin)
    owner.file.write_text(str(identity))
    challenge = owner.challenge()
    rehearse_key(actor=admin, challenge=challenge, answer=owner.decrypt(challenge))
    assert key_state().is_ready


def test_targets_on_the_keys_disk(
    admin: User, stranger: User, storage_target: StorageTarget, tmp_path: Path
) -> None:
    current_public()
    other = StorageTarget.objects.create(
        company=storage_target.company,
        name="other",
        options={"folder": str(another_disk() / "holdfast-none")},
    )
    assert targets_beside_key(actor=admin) == [storage_target]
    assert targets_beside_key(actor=stranger) == []
    assert other not in targets_beside_key(actor=System("doctor"))
    keyring.identity_path("recovery").unlink()
    assert targets_beside_key(actor=admin) == []


def test_a_server_of_public_keys_only(places: Places) -> None:
    """Only .agepub files: nothing is made, everything is encrypted, nothing can be read."""
    places.keys.mkdir(parents=True)
    public = {role: str(x25519.Identity.generate().to_public()) for role in ("a", "b")}
    (places.keys / "installation.agepub").write_text(public["a"] + "\n")
    (places.keys / "recovery.agepub").write_text(public["b"] + "\n")
    keyring.make_keys()
    found = [(one.role, one.public) for one in keyring.standing_recipients()]
    assert found == [("installation", public["a"]), ("recovery", public["b"])]
    assert sorted(path.name for path in places.keys.iterdir()) == [
        "installation.agepub",
        "recovery.agepub",
    ]
    assert not keyring.can_read()
    with pytest.raises(KeyMissing):
        keyring.installation_identity()
