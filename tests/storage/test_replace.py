"""replace_sheet: the one verb that replaces, and only a sheet; old or new, never neither."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from config.places import PROJECT
from storage.backends import Sink, backend_for
from storage.errors import BadKey, ObjectExists
from storage.models import StorageTarget
from storage.services import put_stream, replace_sheet
from tests.config.waiting import wait_for

SHEET = "orders-1/RESTORE.txt"
ARTIFACT = "orders-1/20261121T101112Z-1/orders.dump.age"


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_sheet_is_written_and_replaced(target: StorageTarget, folder: Path) -> None:
    replace_sheet(target=target, key=SHEET, text="first\n")
    replace_sheet(target=target, key=SHEET, text="zweites, größer\n")
    assert (folder / SHEET).read_text() == "zweites, größer\n"
    assert stat.S_IMODE((folder / SHEET).stat().st_mode) == 0o600
    assert files_in(folder) == [SHEET]


@pytest.mark.parametrize(
    "key",
    [
        ARTIFACT,
        ARTIFACT + ".manifest.json",
        "orders-1/RESTORE.txt.manifest.json",
        "orders-1/restore.txt",
        "orders-1/XRESTORE.txt",
        "RESTORE.txt/orders.dump.age",
        "../RESTORE.txt",
        "/RESTORE.txt",
        ".incoming/RESTORE.txt",
        "",
    ],
)
def test_nothing_else_is_replaced(target: StorageTarget, folder: Path, key: str) -> None:
    put_stream(target=target, key=ARTIFACT, fill=lambda sink: _write(sink, b"bytes"))
    with pytest.raises(BadKey):
        replace_sheet(target=target, key=key, text="x")
    assert files_in(folder) == [ARTIFACT]
    assert (folder / ARTIFACT).read_bytes() == b"bytes"


def test_a_sheet_is_replaced_by_no_other_verb(target: StorageTarget, folder: Path) -> None:
    replace_sheet(target=target, key=SHEET, text="first")
    with pytest.raises(ObjectExists):
        put_stream(target=target, key=SHEET, fill=lambda sink: _write(sink, b"second"))
    assert (folder / SHEET).read_text() == "first"


def test_what_fails_half_way_leaves_the_old_one(target: StorageTarget, folder: Path) -> None:
    def fill(sink: Sink) -> None:
        sink.write(b"half")
        raise ValueError("no")

    replace_sheet(target=target, key=SHEET, text="first")
    with pytest.raises(ValueError, match="no"):
        backend_for(target).replace(SHEET, fill)
    assert (folder / SHEET).read_text() == "first"
    assert files_in(folder) == [SHEET]


def test_of_many_writers_one_whole_sheet_stays(target: StorageTarget, folder: Path) -> None:
    texts = [str(number) * 50_000 for number in range(8)]
    barrier = threading.Barrier(8)

    def write(text: str) -> None:
        barrier.wait()
        try:
            replace_sheet(target=target, key=SHEET, text=text)
        except ObjectExists:
            return

    threads = [threading.Thread(target=write, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (folder / SHEET).read_text() in texts
    assert files_in(folder) == [SHEET]


WRITER = """
import sys, time, django
django.setup()
from storage.backends import backend_for
from storage.models import StorageTarget

def fill(sink):
    sink.write(b"new " * 100_000)
    time.sleep(60)

backend_for(StorageTarget(options={"folder": sys.argv[1]})).replace(sys.argv[2], fill)
"""


@pytest.mark.exhaustive
def test_a_killed_writer_leaves_the_old_one(target: StorageTarget, folder: Path) -> None:
    replace_sheet(target=target, key=SHEET, text="first")
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", WRITER, str(folder), SHEET]
    with subprocess.Popen(command, cwd=PROJECT, env=environment) as writer:

        def has_written() -> bool:
            return any(draft.stat().st_size for draft in folder.glob(".incoming/*.part"))

        wait_for(has_written, seconds=60, what="a draft with bytes")
        writer.send_signal(signal.SIGKILL)
    assert (folder / SHEET).read_text() == "first"
    replace_sheet(target=target, key=SHEET, text="second")
    assert (folder / SHEET).read_text() == "second"
    assert files_in(folder) == [SHEET]


def _write(sink: Sink, body: bytes) -> None:
    sink.write(body)
