"""The age keys that artifacts are encrypted to.

Three can read an artifact: the installation's key, the owner's recovery key (kept offline),
and an ephemeral one that lives only in the memory of the worker that makes the backup.
"""

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from pyrage import x25519

from access.keyfiles import read_or_make
from backups.errors import KeyMissing

# What the owner's copy is called: in the download, in manifests and on restore sheets.
RECOVERY_FILE = "holdfast-recovery.agekey"


@dataclass(frozen=True)
class Recipient:
    """`role` is installation, recovery or ephemeral; `public` the age1… text."""

    role: str
    public: str

    def key(self) -> x25519.Recipient:
        return x25519.Recipient.from_str(self.public)


def standing_recipients() -> list[Recipient]:
    """The keys every artifact is encrypted to, besides the ephemeral one."""
    found = [Recipient("installation", _public("installation"))]
    configured = settings.ENVIRONMENT.recovery_recipient
    found.append(Recipient("recovery", configured or _public("recovery")))
    return found


def new_ephemeral() -> tuple[Recipient, x25519.Identity]:
    identity = x25519.Identity.generate()
    return Recipient("ephemeral", str(identity.to_public())), identity


def installation_identity() -> x25519.Identity:
    """The key of this server. Raises KeyMissing where only its public half is kept."""
    path = identity_path("installation")
    if not path.exists():
        raise KeyMissing("This server holds public keys only.")
    return x25519.Identity.from_str(path.read_text().strip())


def can_read() -> bool:
    """Whether this server can open what it stored; with public keys only it cannot."""
    return identity_path("installation").exists()


def make_keys() -> None:
    """Make what is missing: the installation's key, and the recovery key unless one is set."""
    standing_recipients()


def identity_path(role: str) -> Path:
    path: Path = settings.PLACES.keys / f"{role}.agekey"
    return path


def _public(role: str) -> str:
    """The public half, from its own file: the secret half may have been taken away."""
    public = settings.PLACES.keys / f"{role}.agepub"
    if not public.exists():
        secret = read_or_make(identity_path(role), lambda: str(x25519.Identity.generate()))
        read_or_make(public, lambda: str(x25519.Identity.from_str(secret).to_public()))
    return str(public.read_text().strip())
