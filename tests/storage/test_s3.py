"""A bucket as a target: the same promises as a folder's, against a real server."""

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from storage.backends import backend_for
from storage.errors import BadKey, NoBucket, ObjectExists, ObjectMissing
from storage.promotion import promote
from storage.services import Written, delete_bytes, open_object, put_stream
from tests.choice import as_exhaustive, first_of
from tests.storage.buckets import Bucket, Server
from tests.storage.test_put import Filler, writing

pytestmark = pytest.mark.xdist_group("s3")

KEY = "orders-1/20261121T101112Z-1/orders.dump.age"
MIB = 1 << 20


@pytest.fixture
def bucket(s3_server: Server) -> Bucket:
    return Bucket(s3_server.endpoint)


@pytest.mark.parametrize(
    "blocks",
    [
        (),
        (b"ab" * MIB, b"", b"c" * 4 * MIB),
        as_exhaustive(((b"x",),)),
        as_exhaustive(((b"p" * 5 * MIB,),)),
    ],
)
def test_what_is_written_lies_under_the_key(bucket: Bucket, blocks: tuple[bytes, ...]) -> None:
    target = bucket.target()
    written = put_stream(target=target, key=KEY, fill=writing(*blocks))
    body = b"".join(blocks)
    assert bucket.body(KEY) == body
    assert (written.size, written.sha256) == (len(body), hashlib.sha256(body).hexdigest())
    assert (bucket.names(), bucket.uploads()) == ([KEY], [])
    with open_object(target=target, key=KEY) as file:
        assert file.read() == body
    assert backend_for(target).size(KEY) == len(body)


@pytest.mark.parametrize("failure", [ValueError("no"), KeyboardInterrupt()])
@pytest.mark.parametrize("blocks", [(), (b"x" * 6 * MIB,)])
def test_what_fails_half_way_leaves_nothing(
    bucket: Bucket, blocks: tuple[bytes, ...], failure: BaseException
) -> None:
    with pytest.raises(type(failure)) as caught:
        put_stream(target=bucket.target(), key=KEY, fill=Filler(blocks, failure))
    assert caught.value is failure
    assert (bucket.names(), bucket.uploads()) == ([], [])


@pytest.mark.parametrize("size", first_of(6 * MIB, 6))
def test_what_lies_there_is_never_replaced(bucket: Bucket, size: int) -> None:
    target = bucket.target()

    def another(sink: Any) -> None:
        sink.write(b"s" * size)
        # Another writer is quicker: neither of them knew of the other.
        bucket.put(KEY, b"first")

    with pytest.raises(ObjectExists):
        put_stream(target=target, key=KEY, fill=another)
    assert (bucket.body(KEY), bucket.uploads()) == (b"first", [])
    with pytest.raises(ObjectExists):
        put_stream(target=target, key=KEY, fill=writing(b"third"))


def test_a_sheet_and_nothing_else_is_replaced(bucket: Bucket) -> None:
    backend = backend_for(bucket.target())
    for text in (b"one", b"two"):
        backend.replace("orders-1/RESTORE.txt", writing(text))
    assert bucket.body("orders-1/RESTORE.txt") == b"two"
    with pytest.raises(BadKey):
        backend.replace(KEY, writing(b"x"))


@pytest.mark.parametrize("key", ["", "../outside", "a//b", ".hidden", "--option", "a b", "ünï"])
def test_a_key_that_is_no_plain_name_is_refused(bucket: Bucket, key: str) -> None:
    target = bucket.target()
    for verb in (
        lambda: put_stream(target=target, key=key, fill=writing(b"x")),
        lambda: delete_bytes(target=target, key=key),
        lambda: open_object(target=target, key=key).__enter__(),
    ):
        with pytest.raises(BadKey):
            verb()


def test_reading_begins_anywhere(bucket: Bucket) -> None:
    body = os.urandom(3 * MIB)
    bucket.put(KEY, body)
    with open_object(target=bucket.target(), key=KEY) as file:
        file.seek(2 * MIB)
        assert file.read(10) == body[2 * MIB : 2 * MIB + 10]
        file.seek(-5, os.SEEK_END)
        assert file.read() == body[-5:]
        assert file.read(1) == b""


def test_what_is_not_there_is_missing(bucket: Bucket) -> None:
    target = bucket.target()
    with pytest.raises(ObjectMissing), open_object(target=target, key=KEY):
        pass
    with pytest.raises(ObjectMissing):
        backend_for(target).size(KEY)
    delete_bytes(target=target, key=KEY)


def test_without_its_bucket_nothing_counts_as_lost(bucket: Bucket) -> None:
    target = bucket.target()
    bucket.client.delete_bucket(Bucket=bucket.name)
    with pytest.raises(NoBucket), open_object(target=target, key=KEY):
        pass


def test_an_object_is_kept_as_the_target_says(bucket: Bucket) -> None:
    target = bucket.target(storage_class="STANDARD_IA", encryption="AES256")
    for key, blocks in ((KEY, (b"x",)), (f"{KEY}-2", (b"x" * 6 * MIB,))):
        put_stream(target=target, key=key, fill=writing(*blocks))
        found = bucket.client.head_object(Bucket=bucket.name, Key=f"holdfast/{key}")
        kept = (found["StorageClass"], found["ServerSideEncryption"])
        assert kept == ("STANDARD_IA", "AES256")


def test_keys_are_those_below_the_prefix(bucket: Bucket) -> None:
    for key in ("b/one", "a/two", "a/"):
        bucket.put(key, b"x" if not key.endswith("/") else b"")
    bucket.client.put_object(Bucket=bucket.name, Key="holdfastly/other", Body=b"x")
    assert list(backend_for(bucket.target()).keys()) == ["a/two", "b/one"]
    assert len(list(backend_for(bucket.target(prefix="")).keys())) == 3


def test_deleting_takes_what_a_dead_writer_left(bucket: Bucket) -> None:
    target = bucket.target()
    for key in (KEY, f"{KEY}.manifest.json"):
        bucket.client.create_multipart_upload(Bucket=bucket.name, Key=f"holdfast/{key}")
        bucket.put(key, b"x")
    delete_bytes(target=target, key=KEY)
    assert bucket.names() == bucket.uploads() == [f"{KEY}.manifest.json"]


def test_deleting_leaves_no_version(s3_server: Server) -> None:
    bucket = Bucket(s3_server.endpoint, versions=True)
    for body in (b"one", b"two"):
        bucket.put(KEY, body)
    bucket.client.delete_object(Bucket=bucket.name, Key=f"holdfast/{KEY}")
    bucket.put(f"{KEY}.manifest.json", b"{}")
    assert bucket.versions() == 4
    delete_bytes(target=bucket.target(), key=KEY)
    assert (bucket.versions(), bucket.names()) == (1, [f"{KEY}.manifest.json"])


def test_the_test_of_a_bucket_keeps_nothing(s3_server: Server) -> None:
    bucket = Bucket(s3_server.endpoint, versions=True)
    backend_for(bucket.target()).test()
    assert bucket.versions() == 0


def test_a_file_is_promoted_to_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    body = os.urandom(7 * MIB)
    source = tmp_path / "video.mp4"
    source.write_bytes(body)
    expected = Written(len(body), hashlib.sha256(body).hexdigest())
    for _time in (1, 2):  # again after a crash, when it lies there already
        assert promote(target=bucket.target(), key=KEY, source=source, expected=expected)
    assert bucket.body(KEY) == body
    bucket.put(KEY, body[:-1] + b"?")
    with pytest.raises(ObjectExists):
        promote(target=bucket.target(), key=KEY, source=source, expected=expected)
