"""The bench compares two dumps by hashes that leave out when they were made, and nothing else."""

import pytest

from bench.archives import MAGIC, TIME, hash_archive

HEADER = MAGIC + bytes([1, 16, 0, 4, 8, 1, 3])


def archive(*, time: bytes, body: bytes = b"tables and rows") -> bytes:
    return HEADER + time * (TIME.stop - TIME.start) + body


def test_time_of_making_is_left_out_of_one_hash_only() -> None:
    early, late = hash_archive([archive(time=b"a")]), hash_archive([archive(time=b"b")])
    assert early.timeless == late.timeless
    assert early.plain != late.plain


@pytest.mark.parametrize("body", [b"tables and rowz", b"tables and row", b""])
def test_any_other_difference_is_seen(body: bytes) -> None:
    whole = hash_archive([archive(time=b"a")])
    other = hash_archive([archive(time=b"a", body=body)])
    assert whole.timeless != other.timeless


def test_pieces_do_not_matter() -> None:
    data = archive(time=b"a")
    assert hash_archive([data]) == hash_archive([data[:50], data[50:]])


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(SystemExit, match="no archive"):
        hash_archive([b"SELECT 1;" * 10])
