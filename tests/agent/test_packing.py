"""Backups, compressed and encrypted before they are sent."""

import gzip
import hashlib
import os
from pathlib import Path

import pyrage
import pytest
from backports import zstd

from holdfast_agent import NotConfigured, UploadError
from holdfast_agent.packing import Packing, pack

BODY = os.urandom(300_000) + bytes(3_000_000)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "shop.dump"
    path.write_bytes(BODY)
    return path


@pytest.mark.parametrize("method", ["", "gzip", "zstd"])
@pytest.mark.parametrize("is_encrypted", [False, True])
def test_it_comes_out_again(source: Path, tmp_path: Path, method: str, is_encrypted: bool) -> None:
    key = pyrage.x25519.Identity.generate()
    packing = Packing(method, str(key.to_public()) if is_encrypted else "")
    packing.require()
    packed = pack(source, tmp_path / "out" / "packed", packing)
    body = packed.path.read_bytes()
    assert (packed.size, packed.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    if is_encrypted:
        assert BODY[:100] not in body
        body = pyrage.decrypt(body, [key])
    if method:
        assert len(body) < len(BODY) / 2
        body = (gzip if method == "gzip" else zstd).decompress(body)
    assert body == BODY
    assert packing.ending.endswith(".age") is is_encrypted
    assert packed.path.stat().st_mode & 0o077 == 0


def test_a_cut_zstd_file_is_noticed(source: Path, tmp_path: Path) -> None:
    packed = pack(source, tmp_path / "packed", Packing("zstd"))
    body = bytearray(packed.path.read_bytes())
    body[1000] ^= 1
    with pytest.raises(zstd.ZstdError):
        zstd.decompress(bytes(body))


def test_wrong_settings_are_named() -> None:
    with pytest.raises(NotConfigured, match="gzip or zstd"):
        Packing("rar").require()
    with pytest.raises(NotConfigured, match="age recipient"):
        Packing("", "age1nonsense").require()


@pytest.mark.parametrize("recipient", [False, True])
def test_a_full_disk_is_told(source: Path, recipient: bool) -> None:
    key = str(pyrage.x25519.Identity.generate().to_public()) if recipient else ""
    small = source.with_name("small")
    small.write_bytes(b"x" * 3000)
    for file in (source, small):
        # A link, as what could not be written is removed.
        full = source.with_name("full")
        full.symlink_to("/dev/full")
        with pytest.raises(UploadError, match="could not be packed"):
            pack(file, full, Packing("gzip", key))
        assert not full.is_symlink()
