"""From a stream to an artifact and back: exact, in constant memory, and no damage unnoticed."""

import hashlib
import io
import os
from collections.abc import Callable
from io import UnsupportedOperation
from pathlib import Path
from typing import Any, BinaryIO, cast

import psutil
import pyrage
import pytest
from backports import zstd
from pyrage import x25519

from backups.errors import BackupError, Corrupt, DiskFull, DumpFailed, StorageUnavailable
from backups.keyring import Recipient, new_ephemeral
from backups.pipeline import Packed, encrypt, store_artifact
from backups.validation import Hashed, decrypt
from storage.models import StorageTarget
from tests.choice import first_of

KEY = "orders/x.dump.age"
CHUNK = 64 * 1024 + 16
MANY = os.urandom(200_000)


@pytest.fixture
def target(tmp_path: Path) -> StorageTarget:
    return StorageTarget(name="vault", options={"folder": str(tmp_path / "vault")})


@pytest.fixture
def keys() -> tuple[Recipient, x25519.Identity]:
    return new_ephemeral()


class Stream:
    """A dump tool's output: `count` blocks, then the end or a failure."""

    def __init__(self, *blocks: bytes, failure: Exception | None = None) -> None:
        self.blocks = list(blocks)
        self.failure = failure

    def fileno(self) -> int:
        raise UnsupportedOperation("no pipe")

    def read1(self, _size: int) -> bytes:
        if self.blocks:
            return self.blocks.pop(0)
        if self.failure is not None:
            raise self.failure
        return b""


def store(
    stream: Any,
    target: StorageTarget,
    recipient: Recipient,
    *,
    compress: int | None = None,
    finish: Callable[[], None] = lambda: None,
    on_read: Callable[[], None] = lambda: None,
) -> Packed:
    return store_artifact(
        stream=cast(BinaryIO, stream),
        finish=finish,
        target=target,
        key=KEY,
        recipients=[recipient],
        compress=compress,
        on_read=on_read,
    )


def stored(target: StorageTarget) -> Path:
    return Path(target.options["folder"]) / KEY


def nothing_is_left(target: StorageTarget) -> bool:
    return not any(path.is_file() for path in Path(target.options["folder"]).rglob("*"))


@pytest.mark.parametrize("compress", [None, 1, 19])
@pytest.mark.parametrize("blocks", [(), (b"x",), (MANY,), (b"a" * 65_536, b"b", MANY * 6)])
def test_it_comes_out_as_it_went_in(
    compress: int | None,
    blocks: tuple[bytes, ...],
    target: StorageTarget,
    keys: tuple[Recipient, x25519.Identity],
) -> None:
    packed = store(Stream(*blocks), target, keys[0], compress=compress)
    plain, body = b"".join(blocks), stored(target).read_bytes()
    assert (packed.written.size, packed.written.sha256) == (
        len(body),
        hashlib.sha256(body).hexdigest(),
    )
    assert (packed.plain_size, packed.plain_sha256) == (
        len(plain),
        hashlib.sha256(plain).hexdigest(),
    )
    opened = pyrage.decrypt(body, [keys[1]])
    if compress is not None:
        # Bit 2 of the frame header's descriptor: a content checksum (RFC 8878, 3.1.1.1.1).
        assert opened[4] & 0b100
        opened = zstd.decompress(opened)
    assert opened == plain


@pytest.mark.parametrize("compress", [None, 3])
@pytest.mark.parametrize(
    "failure", [DumpFailed("it ended"), OSError("pipe"), ValueError("odd"), DiskFull("mine")]
)
def test_a_failure_on_either_side_is_raised_as_it_was_and_publishes_nothing(
    failure: Exception,
    compress: int | None,
    target: StorageTarget,
    keys: tuple[Recipient, x25519.Identity],
) -> None:
    def fail() -> None:
        raise failure

    for stream, more in (
        (Stream(MANY, failure=failure), {}),
        (Stream(failure=failure), {}),
        (Stream(MANY), {"finish": fail}),
        (Stream(MANY), {"on_read": fail}),
    ):
        with pytest.raises(type(failure)) as caught:
            store(stream, target, keys[0], compress=compress, **more)
        assert caught.value is failure
        assert nothing_is_left(target)


def test_a_storages_failure_gets_a_backups_name(
    target: StorageTarget, keys: tuple[Recipient, x25519.Identity]
) -> None:
    Path(target.options["folder"]).write_text("a letter")
    with pytest.raises(StorageUnavailable):
        store(Stream(MANY), target, keys[0])


class FailingSink:
    """Takes so many writes, then fails."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.writes = 0

    def write(self, data: bytes, /) -> int:
        self.writes += 1
        if self.writes > self.takes:
            raise OSError("full")
        return len(data)


@pytest.mark.parametrize("size", [0, 1, 8000, 65_536, 200_000])
def test_no_failed_write_is_swallowed_not_even_the_last(
    size: int, keys: tuple[Recipient, x25519.Identity]
) -> None:
    """pyrage says nothing of an error in its last flush (FACTS of its version 1.4.0)."""
    whole = FailingSink(10**9)
    encrypt(io.BytesIO(MANY[:size]), whole, [keys[0]])
    for takes in range(whole.writes):
        with pytest.raises(OSError, match="full"):
            encrypt(io.BytesIO(MANY[:size]), FailingSink(takes), [keys[0]])


def nothing(_count: int) -> None:
    """Nobody watches."""


class Collected:
    def __init__(self, failure: Exception | None = None) -> None:
        self.body = b""
        self.failure = failure

    def write(self, data: bytes, /) -> int:
        if self.failure is not None:
            raise self.failure
        self.body += data
        return len(data)

    def finish(self) -> None:
        """Nothing to say."""


def opened(body: bytes, identity: x25519.Identity, *, inside: bool) -> bytes:
    check = Collected()
    source = Hashed(io.BytesIO(body), nothing)
    decrypt(source, check, {"artifact": {"compressed_inside": inside}}, identity)
    return check.body


def boundaries(body: bytes) -> list[int]:
    """Each region of an age file: header, nonce, and both sides of each chunk's edge."""
    payload = body.index(b"\n", body.index(b"\n--- ") + 1) + 1
    edges = range(payload + 16, len(body), CHUNK)
    found = {0, 10, 25, payload - 2, payload, payload + 15, len(body) - 1, len(body) - 17}
    found |= {edge + step for edge in edges for step in (-1, 0, 1)}
    return sorted(at for at in found if 0 <= at < len(body))


@pytest.mark.parametrize("inside", [True, False])
def test_no_flip_and_no_cut_goes_unnoticed(
    inside: bool, target: StorageTarget, keys: tuple[Recipient, x25519.Identity]
) -> None:
    store(Stream(MANY), target, keys[0], compress=None if inside else 1)
    whole = stored(target).read_bytes()
    assert opened(whole, keys[1], inside=inside) == MANY
    positions = boundaries(whole)
    assert len(positions) > 15
    for at in positions:
        for damaged in (whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:at]):
            with pytest.raises(Corrupt):
                opened(damaged, keys[1], inside=inside)
    for damaged in (whole + b"x", whole + whole, b"PK\3\4" * 999, bytes(5000)):
        with pytest.raises(Corrupt):
            opened(damaged, keys[1], inside=inside)


def test_another_key_opens_nothing(
    target: StorageTarget, keys: tuple[Recipient, x25519.Identity]
) -> None:
    store(Stream(MANY), target, keys[0])
    with pytest.raises(Corrupt):
        opened(stored(target).read_bytes(), x25519.Identity.generate(), inside=True)


@pytest.mark.parametrize("behind", [b"x", b"x" * 300_000, zstd.compress(b"more")])
def test_what_stands_behind_the_compressed_archive_is_noticed(
    behind: bytes, keys: tuple[Recipient, x25519.Identity]
) -> None:
    packed = zstd.compress(MANY)
    for body in (packed + behind, packed[:-1], packed[: len(packed) // 2], b"", behind):
        sealed = pyrage.encrypt(body, [keys[0].key()])
        if body == behind and behind.startswith(b"\x28\xb5"):
            continue
        with pytest.raises(Corrupt):
            opened(sealed, keys[1], inside=False)


def test_the_readers_own_failure_passes_through(keys: tuple[Recipient, x25519.Identity]) -> None:
    sealed = pyrage.encrypt(MANY, [keys[0].key()])
    failure = BackupError("no reader")
    with pytest.raises(BackupError) as caught:
        decrypt(
            Hashed(io.BytesIO(sealed), nothing),
            Collected(failure),
            {"artifact": {"compressed_inside": True}},
            keys[1],
        )
    assert caught.value is failure


@pytest.mark.parametrize("compress", first_of(3, None))
def test_memory_does_not_grow_with_the_stream(
    compress: int | None, target: StorageTarget, keys: tuple[Recipient, x25519.Identity]
) -> None:
    process = psutil.Process()
    block = os.urandom(1 << 20)
    most = 0
    before = process.memory_info().rss

    def watch() -> None:
        nonlocal most
        most = max(most, process.memory_info().rss - before)

    packed = store(Stream(*([block] * 200)), target, keys[0], compress=compress, on_read=watch)
    assert packed.plain_size == 200 << 20
    assert most < 90 << 20
