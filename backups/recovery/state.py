"""What is known of the recovery key: handed out, tried, still on this server. Reads only."""

from dataclasses import dataclass
from pathlib import Path

from pyrage import IdentityError, x25519

from access.models import Company
from access.policy import Actor, companies_where
from backups import keyring
from backups.models import RecoveryKey
from storage.models import StorageTarget

PERMISSION = "backups.manage_recovery_key"
FILE_NAME = keyring.RECOVERY_FILE
CONFIRMATION_LENGTH = 6


@dataclass(frozen=True)
class KeyState:
    """`key` may be unsaved. `secret_here`: its secret half lies on this server."""

    key: RecoveryKey
    secret_here: bool

    @property
    def made_here(self) -> bool:
        """Whether this server has, or had, the secret half."""
        return self.secret_here or self.key.downloaded_at is not None

    @property
    def is_downloaded(self) -> bool:
        """Whether a copy is elsewhere: without the secret half here, it can only be there."""
        return not self.secret_here or self.key.downloaded_at is not None

    @property
    def is_ready(self) -> bool:
        """Whether it would open the backups on the day that this machine is gone."""
        return self.is_downloaded and self.key.rehearsed_at is not None

    @property
    def may_be_downloaded(self) -> bool:
        return self.secret_here and not self.is_ready

    @property
    def confirmation(self) -> str:
        """What to type before the secret half is removed: the end of the public one."""
        return self.key.public[-CONFIRMATION_LENGTH:]


def key_state() -> KeyState:
    """The current key's state, in one query; writes nothing."""
    public = current_public()
    found = RecoveryKey.objects.select_related("downloaded_by", "rehearsed_by")
    return KeyState(
        key=found.filter(pk=public).first() or RecoveryKey(public=public),
        secret_here=read_secret(public) is not None,
    )


def current_public() -> str:
    [found] = [one for one in keyring.standing_recipients() if one.role == "recovery"]
    return found.public


def read_secret(public: str) -> str | None:
    """The secret half when it lies on this server, and is the half of this very key."""
    try:
        text = keyring.identity_path("recovery").read_text()
    except OSError:
        return None
    secret = next((line for line in text.split() if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        matches = str(x25519.Identity.from_str(secret).to_public()) == public
    except IdentityError:
        return None
    return secret if matches else None


def may_manage(actor: Actor) -> bool:
    """Whoever holds the key reads the backups of all companies: so an administrator of them all."""
    if not actor.may(PERMISSION):
        return False
    theirs = companies_where(actor, PERMISSION)
    return not Company.objects.exclude(pk__in=theirs.values("pk")).exists()


def targets_beside_key(*, actor: Actor) -> list[StorageTarget]:
    """The local targets on the disk of the key's secret half: one fire would take both."""
    try:
        disk = keyring.identity_path("recovery").stat().st_dev
    except OSError:
        return []
    local = StorageTarget.objects.visible_to(actor).filter(kind=StorageTarget.Kind.LOCAL)
    return [target for target in local.distinct() if disk_of_target(target) == disk]


def disk_of_target(target: StorageTarget) -> int | None:
    """The device of its folder; before the first bytes come, of the folder it will be made in."""
    folder = Path(target.options.get("folder") or "")
    if not folder.is_absolute():
        return None
    for path in (folder, *folder.parents):
        try:
            return path.stat().st_dev
        except OSError:
            continue
    return None
