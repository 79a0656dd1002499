"""put_stream: whole, durable and private under its key, or not there at all."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.places import PROJECT
from storage.backends import Sink
from storage.errors import BadKey, DiskFull, ObjectExists, ObjectMissing, StorageError
from storage.models import StorageTarget
from storage.services import delete_bytes, open_object, put_stream
from tests.config.waiting import wait_for

KEY = "orders-1/20261121T101112Z-1/orders.dump.age"


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def writing(*blocks: bytes) -> "Filler":
    return Filler(blocks)


class Filler:
    """Writes its blocks into the sink, then fails when told to."""

    def __init__(self, blocks: tuple[bytes, ...], failure: BaseException | None = None) -> None:
        self.blocks = blocks
        self.failure = failure

    def __call__(self, sink: Sink) -> None:
        for block in self.blocks:
            assert sink.write(block) == len(block)
        if self.failure is not None:
            raise self.failure


@pytest.mark.parametrize("blocks", [(), (b"",), (b"x",), (b"ab", b"", b"c" * 3_000_000)])
def test_what_is_written_lies_under_the_key(
    target: StorageTarget, folder: Path, blocks: tuple[bytes, ...]
) -> None:
    written = put_stream(target=target, key=KEY, fill=writing(*blocks))
    body = b"".join(blocks)
    assert (folder / KEY).read_bytes() == body
    assert (written.size, written.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert files_in(folder) == [KEY]
    with open_object(target=target, key=KEY) as file:
        assert file.read() == body


def test_it_is_for_its_owner_alone(target: StorageTarget, folder: Path) -> None:
    before = os.umask(0)
    try:
        put_stream(target=target, key=KEY, fill=writing(b"x"))
    finally:
        os.umask(before)
    made = [folder.parent, folder, *(path for path in folder.rglob("*"))]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()}
    assert modes == {0o700}
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600


def test_nothing_has_the_name_before_all_is_written(target: StorageTarget, folder: Path) -> None:
    def fill(sink: Sink) -> None:
        sink.write(b"x" * 100)
        assert not (folder / KEY).exists()

    put_stream(target=target, key=KEY, fill=fill)
    assert (folder / KEY).exists()


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt(), DiskFull("mine")])
@pytest.mark.parametrize("blocks", [(), (b"x" * 2_000_000,)])
def test_what_fails_half_way_leaves_nothing(
    target: StorageTarget, folder: Path, blocks: tuple[bytes, ...], failure: BaseException
) -> None:
    with pytest.raises(type(failure)) as caught:
        put_stream(target=target, key=KEY, fill=Filler(blocks, failure))
    assert caught.value is failure
    assert files_in(folder) == []
    with pytest.raises(ObjectMissing), open_object(target=target, key=KEY):
        pass


def test_what_lies_there_is_never_replaced(target: StorageTarget, folder: Path) -> None:
    put_stream(target=target, key=KEY, fill=writing(b"first"))
    with pytest.raises(ObjectExists):
        put_stream(target=target, key=KEY, fill=writing(b"second"))
    assert (folder / KEY).read_bytes() == b"first"
    assert files_in(folder) == [KEY]


def test_of_many_writers_of_one_key_one_wins(target: StorageTarget, folder: Path) -> None:
    barrier = threading.Barrier(8)
    won: list[bytes] = []
    lost: list[StorageError] = []

    def write(number: int) -> None:
        body = bytes([number]) * 100_000
        barrier.wait()
        try:
            put_stream(target=target, key=KEY, fill=writing(body))
            won.append(body)
        except ObjectExists as error:
            lost.append(error)

    threads = [threading.Thread(target=write, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert (folder / KEY).read_bytes() == won[0]
    assert files_in(folder) == [KEY]


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "../outside",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.incoming/x",
        "--option",
        "a b",
        "a\0b",
        "a\nb",
        "ünï",
        "a\\b",
        "~root",
        "x" * 201,
        "C:evil",
        "\u2024\u2024/x",
    ],
)
def test_a_key_that_is_no_plain_name_is_refused(
    target: StorageTarget, folder: Path, key: str
) -> None:
    for verb in (
        lambda: put_stream(target=target, key=key, fill=writing(b"x")),
        lambda: delete_bytes(target=target, key=key),
        lambda: open_object(target=target, key=key).__enter__(),
    ):
        with pytest.raises(BadKey):
            verb()
    assert not folder.exists()


@pytest.mark.parametrize("options", [{}, {"folder": ""}, {"folder": "here"}, {"folder": None}])
def test_a_target_without_a_full_path_is_refused(options: dict[str, str | None]) -> None:
    with pytest.raises(StorageError, match="full path"):
        put_stream(target=StorageTarget(name="odd", options=options), key=KEY, fill=writing(b"x"))


def test_a_file_in_place_of_the_folder_is_named(target: StorageTarget, folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("a letter")
    with pytest.raises(StorageError, match="storage answered"):
        put_stream(target=target, key=KEY, fill=writing(b"x"))
    assert folder.read_text() == "a letter"


def test_deleting_takes_the_bytes_and_their_empty_folder(
    target: StorageTarget, folder: Path
) -> None:
    put_stream(target=target, key=KEY, fill=writing(b"x"))
    put_stream(target=target, key=KEY + ".manifest.json", fill=writing(b"{}"))
    delete_bytes(target=target, key=KEY)
    assert files_in(folder) == [KEY + ".manifest.json"]
    delete_bytes(target=target, key=KEY + ".manifest.json")
    assert not (folder / KEY).parent.exists()
    delete_bytes(target=target, key=KEY)
    delete_bytes(target=target, key="never/was/there")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("block", [65_536, 5_000_000, 1000])
def test_a_full_disk_is_named_and_leaves_nothing(small_disk: Path, block: int) -> None:
    target = StorageTarget(name="small", options={"folder": str(small_disk / "vault")})
    blocks = (b"x" * block,) * (5_000_000 // block)
    with pytest.raises(DiskFull, match="full"):
        put_stream(target=target, key=KEY, fill=writing(*blocks))
    assert files_in(small_disk) == []
    put_stream(target=target, key=KEY, fill=writing(b"x" * 500_000))
    assert (small_disk / "vault" / KEY).stat().st_size == 500_000


def test_a_read_only_disk_is_named(small_disk: Path) -> None:
    target = StorageTarget(name="small", options={"folder": str(small_disk / "vault")})
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageError, match="Read-only"):
        put_stream(target=target, key=KEY, fill=writing(b"x"))


WRITER = """
import sys, time, django
django.setup()
from storage.models import StorageTarget
from storage.services import put_stream

def fill(sink):
    sink.write(b"x" * 3_000_000)
    time.sleep(60)

put_stream(
    target=StorageTarget(options={"folder": sys.argv[1]}), key=sys.argv[2], fill=fill
)
"""


def test_a_killed_writer_leaves_nothing_under_the_key(target: StorageTarget, folder: Path) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", WRITER, str(folder), KEY]
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as writer:

        def has_written() -> bool:
            return any(draft.stat().st_size for draft in folder.glob(".incoming/*.part"))

        wait_for(has_written, seconds=60, what="a draft with bytes")
        writer.send_signal(signal.SIGKILL)
    assert not (folder / KEY).exists()
    assert all(name.startswith(".incoming/") for name in files_in(folder))
    put_stream(target=target, key=KEY, fill=writing(b"again"))
    assert (folder / KEY).read_bytes() == b"again"
