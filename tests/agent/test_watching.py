"""Watched folders: what has stopped growing is taken, once; links never."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast_agent import ApiIntegrationManager, NotConfigured, UploadError
from holdfast_agent.files import identity_of, opened
from holdfast_agent.queue import COMPLETED, FAILED, Queue
from holdfast_agent.watching import WatchedFolder, Watcher, is_known


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    found = Queue(tmp_path / "state")
    yield found
    found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recordings"
    made.mkdir()
    return made


def watcher_of(folder: Path, queue: Queue, taken: list[str], settle: float = 0) -> Watcher:
    def take(path: Path, _folder: WatchedFolder) -> None:
        identity = identity_of(path)
        assert identity is not None
        queue.add("x", path, identity, {})
        taken.append(path.name)

    return Watcher([WatchedFolder(folder)], queue, take, settle=settle)


def test_a_file_that_grows_is_left(folder: Path, queue: Queue) -> None:
    taken: list[str] = []
    watcher = watcher_of(folder, queue, taken)
    file = folder / "a.MP4"
    file.write_bytes(b"1")
    watcher.look()
    file.write_bytes(b"12")
    watcher.look()
    assert taken == []
    watcher.look()
    assert taken == ["a.MP4"]
    watcher.look()
    assert taken == ["a.MP4"]


def test_it_has_to_rest_for_a_while(
    folder: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    watcher = watcher_of(folder, queue, taken, settle=30)
    (folder / "a.mp4").write_bytes(b"1")
    clock = time.monotonic()
    for later, expected in ((0, []), (29, []), (31, ["a.mp4"])):
        monkeypatch.setattr(time, "monotonic", lambda later=later: clock + later)
        watcher.look()
        assert taken == expected


def test_links_and_strange_things_are_left(folder: Path, queue: Queue, tmp_path: Path) -> None:
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"1")
    (folder / "link.mp4").symlink_to(secret)
    (folder / "folder.mp4").mkdir()
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.mp4")
    (folder / "empty.mp4").touch()
    (folder / ".hidden.mp4").write_bytes(b"1")
    (folder / "notes.txt").write_bytes(b"1")
    (folder / "folder.mp4" / "inner.mp4").write_bytes(b"1")
    taken: list[str] = []
    watcher = watcher_of(folder, queue, taken)
    watcher.look()
    watcher.look()
    assert taken == ["inner.mp4"]
    for name in ("link.mp4", "pipe.mp4"):
        with pytest.raises(UploadError, match="no plain file"), opened(folder / name):
            pass


def test_what_vanishes_costs_nothing(folder: Path, queue: Queue) -> None:
    taken: list[str] = []
    watcher = watcher_of(folder, queue, taken)
    (folder / "a.mp4").write_bytes(b"1")
    watcher.look()
    (folder / "a.mp4").unlink()
    (folder / "b.mp4").write_bytes(b"1")
    watcher.look()
    watcher.look()
    assert taken == ["b.mp4"]
    (folder / "b.mp4").unlink()
    folder.rmdir()
    assert watcher.look() == []


def test_what_failed_is_new_after_an_hour_or_a_restart(
    folder: Path, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = folder / "a.mp4"
    file.write_bytes(b"1")
    identity = identity_of(file)
    assert identity is not None
    began = time.time()
    assert not is_known(queue, file, identity, since=began)
    queue.add("x", file, identity, {})
    task = queue.claim()
    assert task is not None
    assert is_known(queue, file, identity, since=began)
    queue.change(task, status=FAILED)
    assert is_known(queue, file, identity, since=began)
    assert not is_known(queue, file, identity, since=time.time() + 1)
    with monkeypatch.context() as patched:
        later = time.time() + 3601
        patched.setattr(time, "time", lambda: later)
        assert not is_known(queue, file, identity, since=began)
    queue.change(task, status=COMPLETED)
    assert is_known(queue, file, identity, since=time.time() + 1)
    file.write_bytes(b"another")
    changed = identity_of(file)
    assert changed is not None
    assert not is_known(queue, file, changed)


def test_a_folder_behind_a_link_is_taken_once(folder: Path, tmp_path: Path) -> None:
    """The queue knows files by their real place."""
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    (folder / "a.mp4").write_bytes(b"1")
    api = {"enabled": True, "base_url": "http://127.0.0.1:9/api", "api_token": "hf_x"}
    manager = ApiIntegrationManager({"api": {**api, "state_dir": str(tmp_path)}}, start=False)
    uploads = manager.upload_manager
    assert uploads is not None
    watcher = Watcher([WatchedFolder(linked)], uploads.queue, manager._take, settle=0)
    watcher.look()
    assert [path.name for path in watcher.look()] == ["a.mp4"]
    task = uploads.queue.claim()
    assert task is not None
    uploads.queue.change(task, status=COMPLETED)
    assert watcher.look() == []
    assert len(uploads.queue.all()) == 1
    manager.shutdown()


def test_folders_are_read() -> None:
    backup = WatchedFolder.read({"path": "/dumps", "kind": "backup", "job_id": 7})
    assert backup.takes("x.dump")
    assert backup.job_id == "7"
    assert not WatchedFolder.read("/r").takes("x.dump")
    for wrong in ({"kind": "backup"}, {"path": "/x", "kind": "photo"}, 5):
        with pytest.raises(NotConfigured):
            WatchedFolder.read(wrong)
