"""Windows' own encryption of secrets (CryptProtectData). Imported on Windows alone."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, byref, c_char, c_void_p, create_string_buffer, string_at
from ctypes import c_ulong as dword
from typing import Any

from holdfast_agent.errors import NotConfigured

NO_QUESTIONS, LOCAL_MACHINE = 0x1, 0x4


class _Blob(Structure):
    _fields_ = [("size", dword), ("bytes", POINTER(c_char))]


def protect(body: bytes, *, machine: bool = False) -> bytes:
    flags = NO_QUESTIONS | (LOCAL_MACHINE if machine else 0)
    return _call("CryptProtectData", body, flags)


def unprotect(body: bytes) -> bytes:
    return _call("CryptUnprotectData", body, NO_QUESTIONS)


def _call(name: str, body: bytes, flags: int) -> bytes:
    windows: Any = ctypes.windll  # type: ignore[attr-defined]  # there on Windows
    buffer = create_string_buffer(body, len(body))
    given, answer = _Blob(len(body), ctypes.cast(buffer, POINTER(c_char))), _Blob()
    function = getattr(windows.crypt32, name)
    if not function(byref(given), None, None, None, None, flags, byref(answer)):
        raise NotConfigured(
            "Windows does not decrypt the stored token for this account: run set-token as the"
            " account the agent runs under."
        )
    try:
        return string_at(answer.bytes, answer.size)
    finally:
        windows.kernel32.LocalFree(ctypes.cast(answer.bytes, c_void_p))
