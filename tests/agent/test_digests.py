"""A digest that goes on where the server stands, and reads no byte twice without need."""

import hashlib
import io
import os

import pytest

from holdfast_agent import digests
from holdfast_agent.digests import RunningDigest, Shelf


class Counted(io.BytesIO):
    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self.bytes_read += len(block)
        return block


@pytest.fixture
def small_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "FIRST_SPACING", 1000)


@pytest.mark.usefixtures("small_marks")
def test_it_goes_back_to_the_mark_before() -> None:
    body = os.urandom(50_000)
    digest, file = RunningDigest(), Counted(body)
    for at in range(0, 40_000, 500):
        digest.update(body[at : at + 500])
    digest.stand_at(31_234, file)
    assert (digest.position, file.tell()) == (31_234, 31_234)
    assert file.bytes_read < 2000
    digest.update(file.read())
    assert digest.hexdigest() == hashlib.sha256(body).hexdigest()


@pytest.mark.usefixtures("small_marks")
def test_marks_stay_few() -> None:
    digest = RunningDigest()
    for _ in range(2000):
        digest.update(bytes(1000))
    assert len(digest._marks) <= digests.MOST_MARKS
    digest.stand_at(5, io.BytesIO(bytes(10)))
    assert digest.hexdigest() == hashlib.sha256(bytes(5)).hexdigest()


def test_a_file_that_became_shorter() -> None:
    with pytest.raises(EOFError):
        RunningDigest().stand_at(100, io.BytesIO(bytes(99)))


def test_a_shelf_keeps_the_latest() -> None:
    shelf: Shelf[int, int] = Shelf()
    for number in range(100):
        shelf.put(number, number)
    assert shelf.get(0) is None
    assert shelf.get(99) == 99
