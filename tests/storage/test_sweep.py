"""Drafts of dead writers are swept; those of living ones are left alone."""

import os
from pathlib import Path

from storage.backends import Sink, backend_for
from storage.models import StorageTarget
from storage.services import put_stream

HOUR = 3600.0


def age(path: Path) -> None:
    past = path.stat().st_mtime - HOUR
    os.utime(path, (past, past))


def test_a_forsaken_draft_is_removed_and_a_young_one_is_not(
    target: StorageTarget, folder: Path
) -> None:
    drafts = folder / ".incoming"
    drafts.mkdir(parents=True)
    for name in ("old.part", "young.part", "letter.txt"):
        (drafts / name).write_bytes(b"x")
    age(drafts / "old.part")
    age(drafts / "letter.txt")
    assert backend_for(target).sweep() == 1
    assert {path.name for path in drafts.iterdir()} == {"young.part", "letter.txt"}


def test_a_draft_at_work_is_left_alone(target: StorageTarget, folder: Path) -> None:
    def fill(sink: Sink) -> None:
        sink.write(b"x")
        for draft in (folder / ".incoming").iterdir():
            age(draft)
        assert backend_for(target).sweep() == 0

    put_stream(target=target, key="a/b", fill=fill)
    assert (folder / "a" / "b").read_bytes() == b"x"


def test_where_nothing_was_stored_there_is_nothing_to_sweep(
    target: StorageTarget, folder: Path
) -> None:
    assert backend_for(target).sweep() == 0
    assert not folder.exists()
