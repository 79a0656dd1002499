"""The keys of this installation in one file that only the recovery key opens."""

import json
import uuid
from pathlib import Path

import pyrage
from django.conf import settings
from pyrage import x25519

from access import headfile
from backups import keyring
from controlplane.files import MEMBER_OF_SET, pack

# The owner has it; sealed to itself it would serve nobody.
LEFT_OUT = "recovery.agekey"
DJANGO = "keys/django-secret.key"
AUDIT_HEAD = "audit.head"


def recovery_recipient() -> keyring.Recipient:
    [found] = [one for one in keyring.standing_recipients() if one.role == "recovery"]
    return found


def sealed_keys(*, set_id: uuid.UUID, dump_sha256: str, recipient: keyring.Recipient) -> bytes:
    """An age file. It says to which dump it belongs, so that no other one is taken for it."""
    folder: Path = settings.PLACES.keys
    members = {
        f"keys/{path.name}": path.read_bytes()
        for path in sorted(folder.iterdir())
        if path.suffix in (".agekey", ".agepub", ".key") and path.name != LEFT_OUT
    }
    # Both may come from the environment, which the new machine does not have.
    members[DJANGO] = f"{settings.SECRET_KEY}\n".encode()
    members["keys/recovery.agepub"] = f"{recipient.public}\n".encode()
    head = headfile.read()
    if head is not None:
        members[AUDIT_HEAD] = f"{head}\n".encode()
    body = {"set": str(set_id), "dump_sha256": dump_sha256}
    members[MEMBER_OF_SET] = json.dumps(body).encode()
    key: x25519.Recipient = recipient.key()
    return bytes(pyrage.encrypt(pack(members), [key]))
