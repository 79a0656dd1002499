"""What differs on Windows, as far as it can be shown without one: see `like_windows`."""

import ctypes
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from holdfast_agent import NotConfigured, dpapi, places, tokens
from holdfast_agent.files import Identity, is_plain
from tests.agent.live import Recorder

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "agent" / "src"


@pytest.mark.exhaustive
@pytest.mark.django_db(transaction=True)
def test_it_sends_and_deletes(recorder: Recorder, clip: bytes) -> None:
    """A recording and a packed backup, with their lock, queue and log."""
    programs = recorder.folder / "ProgramData"
    video, dump = recorder.file("a.mp4", clip), recorder.file("shop.dump", b"PGDMP" + bytes(5000))
    recorder.file("a.json", b"{}")
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "PROGRAMDATA": str(programs),
        "HOLDFAST_AGENT_BASE_URL": f"{recorder.url}/api",
        "HOLDFAST_AGENT_API_TOKEN": recorder.token,
        "HOLDFAST_AGENT_COMPRESS": "gzip",
        "HOLDFAST_AGENT_DELETE_AFTER_UPLOAD": "yes",
    }
    del environment["HOLDFAST_AGENT_STATE_DIR"]
    for arguments in ([str(video)], ["--backup", str(dump)]):
        command = [sys.executable, str(HERE / "like_windows.py"), "upload", "--json", *arguments]
        log = ["--log-file", str(programs / "agent.log")]
        said = subprocess.run(
            [*command, *log], env=environment, capture_output=True, text=True, timeout=60
        )
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["uploads"][0]["status"] == "completed"
    assert "could not be deleted" not in (programs / "agent.log").read_text()
    assert list((recorder.folder / "recordings").iterdir()) == []
    state = programs / "HoldfastAgent"
    assert (state / "queue.sqlite3").exists()
    assert [*state.glob("process-*"), *(state / "packed").iterdir()] == []


def test_a_token_that_somebody_reads_just_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows replaces no file that is open: it is tried for a while."""
    replaced, refusals = os.replace, [1, 1]

    def replace(*given: Any) -> None:
        if refusals:
            refusals.pop()
            raise PermissionError(13, "It is used by another process")
        replaced(*given)

    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(places, "PAUSES", (0.01, 0.01))
    places.write_private(tmp_path / "token", b"one")
    assert (tmp_path / "token").read_bytes() == b"one"
    refusals.extend([1] * 100)
    with pytest.raises(PermissionError):
        places.write_private(tmp_path / "token", b"two")
    # Of the new one nothing is left, and the old one is whole.
    assert [path.name for path in tmp_path.iterdir()] == ["token"]
    assert (tmp_path / "token").read_bytes() == b"one"


class Crypt:
    """CryptProtectData and its counterpart, by the manual: a key for each scope."""

    def __init__(self, account: int) -> None:
        self.account, self.freed = account, 0
        self.kept: list[Any] = []
        self.kernel32 = SimpleNamespace(LocalFree=self._free)
        self.crypt32 = SimpleNamespace(CryptProtectData=self.protect, CryptUnprotectData=self.open)

    def _free(self, _at: Any) -> None:
        self.freed += 1

    def _answer(self, to: Any, body: bytes) -> int:
        buffer = ctypes.create_string_buffer(body, len(body))
        self.kept.append(buffer)
        to._obj.size = len(body)
        to._obj.bytes = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_char))
        return 1

    def protect(self, given: Any, *rest: Any) -> int:
        body = ctypes.string_at(given._obj.bytes, given._obj.size)
        *_none, flags, to = rest
        key = 99 if flags & dpapi.LOCAL_MACHINE else self.account
        return self._answer(to, bytes([key, *(byte ^ key for byte in body)]))

    def open(self, given: Any, *rest: Any) -> int:
        key, *body = ctypes.string_at(given._obj.bytes, given._obj.size)
        if key not in (99, self.account):
            return 0
        return self._answer(rest[-1], bytes(byte ^ key for byte in body))


@pytest.mark.parametrize("machine", [False, True])
def test_dpapi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: bool) -> None:
    me, service = Crypt(account=7), Crypt(account=8)
    monkeypatch.setattr(tokens, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(ctypes, "windll", me, raising=False)
    assert tokens.store_token(tmp_path, "hf_secret\x00é", machine=machine) == "dpapi"
    assert b"hf_secret" not in tokens.token_path(tmp_path).read_bytes()
    assert tokens.stored_token(tmp_path) == "hf_secret\x00é"
    assert me.freed == 2
    monkeypatch.setattr(ctypes, "windll", service, raising=False)
    if machine:
        assert tokens.stored_token(tmp_path) == "hf_secret\x00é"
    else:
        with pytest.raises(NotConfigured, match="for this account"):
            tokens.stored_token(tmp_path)


def test_junctions_and_long_file_ids() -> None:
    found = SimpleNamespace(
        st_mode=stat.S_IFREG, st_size=1, st_mtime_ns=2, st_ino=(1 << 127) + 5, st_file_attributes=32
    )
    assert is_plain(found)  # type: ignore[arg-type]  # as Windows gives it
    assert Identity.of(found) == Identity(1, 2, 5)  # type: ignore[arg-type]
    found.st_file_attributes |= 0x400
    assert not is_plain(found)  # type: ignore[arg-type]
