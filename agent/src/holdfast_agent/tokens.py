"""Where the token rests: DPAPI on Windows, the system's keyring, or a file for its owner alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from holdfast_agent.errors import NotConfigured
from holdfast_agent.places import write_private

SERVICE = "holdfast-agent"
DPAPI, KEYRING, FILE = b"dpapi:", b"keyring:", b"plain:"


def token_path(folder: Path) -> Path:
    return folder / "token"


def store_token(folder: Path, token: str, *, only_file: bool = False, machine: bool = False) -> str:
    """Says where: `dpapi`, `keyring` or `file`. `machine`: any account of this Windows may read."""
    path = token_path(folder)
    if os.name == "nt":
        from holdfast_agent.dpapi import protect

        write_private(path, DPAPI + protect(token.encode(), machine=machine))
        return "dpapi"
    keyring = None if only_file else _keyring()
    if keyring is not None:
        keyring.set_password(SERVICE, str(path), token)
        write_private(path, KEYRING)
        return "keyring"
    write_private(path, FILE + token.encode())
    return "file"


def stored_token(folder: Path) -> str:
    """Empty when none is stored. Raises NotConfigured when it cannot be read, or others can."""
    path = token_path(folder)
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise NotConfigured(f"The stored token cannot be read: {error}") from error
    if body.startswith(DPAPI):
        return _from_dpapi(body[len(DPAPI) :])
    if body.startswith(KEYRING):
        keyring = _keyring()
        found = keyring.get_password(SERVICE, str(path)) if keyring is not None else None
        if not found:
            raise NotConfigured("The keyring does not give the token; run set-token again.")
        return str(found)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise NotConfigured(f"{path} can be read by others: chmod 600 it, and replace the token.")
    return body[len(FILE) :].decode().strip() if body.startswith(FILE) else ""


def _from_dpapi(body: bytes) -> str:
    if os.name != "nt":
        raise NotConfigured("The stored token was encrypted on Windows; run set-token here.")
    from holdfast_agent.dpapi import unprotect

    return unprotect(body).decode()


def _keyring() -> Any:
    """None where it is not installed, or has no place to keep anything (a server mostly)."""
    try:
        import keyring
        from keyring.backends import fail
    except ImportError:
        return None
    try:
        found = keyring.get_keyring()
    except Exception:  # noqa: BLE001  # backends raise what they like: then there is none
        return None
    return None if isinstance(found, fail.Keyring) or found.priority < 1 else keyring
