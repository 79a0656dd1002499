"""Secrets at rest: AES-256-GCM, with the key's id in the token and the row bound to it.

The key file lies apart from Django's SECRET_KEY: rotating sessions must not lose passwords.
Its first line is the key that seals; older lines still open. A line is ``ID BASE64``.
"""

import base64
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from access.keyfiles import read_or_make

NONCE_BYTES = 12


class SecretUnreadable(Exception):
    """The sealed value cannot be opened: its key is missing, or it was changed or moved."""

    code = "secret_unreadable"


def seal(plain: str, *, context: str) -> str:
    """Seal a secret for one place; `context` names it, as ``table:row:column``."""
    key_id, key = next(iter(_keys(_key_file()).items()))
    nonce = os.urandom(NONCE_BYTES)
    body = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return f"{key_id}:{base64.b64encode(nonce + body).decode()}"


def unseal(sealed: str, *, context: str) -> str:
    """The secret sealed for this very place. Raises SecretUnreadable."""
    key_id, _, body = sealed.partition(":")
    try:
        raw = base64.b64decode(body, validate=True)
        key = _keys(_key_file())[key_id]
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (KeyError, ValueError, InvalidTag) as error:
        raise SecretUnreadable(
            f"A stored secret cannot be opened with the keys in {_key_file().name}."
        ) from error


def _key_file() -> Path:
    path: Path = settings.PLACES.keys / "secrets.key"
    return path


@lru_cache(maxsize=4)
def _keys(path: Path) -> dict[str, bytes]:
    text = read_or_make(path, _new_line)
    pairs = (line.split() for line in text.splitlines() if line.strip())
    return {key_id: base64.b64decode(encoded) for key_id, encoded in pairs}


def _new_line() -> str:
    key = base64.b64encode(AESGCM.generate_key(bit_length=256)).decode()
    return f"k{secrets.token_hex(4)} {key}"
