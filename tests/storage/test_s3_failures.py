"""What goes wrong on the way to a bucket: killed, cut, refused, full. Named, and nothing halved."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from config.places import PROJECT
from faults import VARIABLE
from storage import errors
from storage.backends import backend_for
from storage.backends.s3 import backend as s3_backend
from storage.backends.s3 import connection, reading, removing
from storage.errors import StorageError
from storage.models import StorageTarget
from storage.services import delete_bytes, open_object, put_stream
from tests.choice import as_exhaustive
from tests.faults.points import IN_A_BUCKET, every
from tests.storage.buckets import SECRET, Bucket, Server, Wire
from tests.storage.test_put import writing

pytestmark = pytest.mark.xdist_group("s3")

KEY = "orders-1/20261121T101112Z-1/orders.dump.age"
MIB = 1 << 20
PARTS = (b"x" * 6 * MIB, b"y" * 6 * MIB)


@pytest.fixture
def bucket(s3_server: Server) -> Bucket:
    return Bucket(s3_server.endpoint)


@pytest.fixture
def wire(s3_server: Server) -> Iterator[Wire]:
    wire = Wire(s3_server.port)
    yield wire
    wire.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 1.5)
    monkeypatch.setattr(reading, "FIRST_PAUSE", 0.05)
    connection._away.clear()


WRITER = """
import sys, django
django.setup()
from storage.models import StorageTarget
from storage.services import put_stream
import orjson

options, key, size = orjson.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
target = StorageTarget(kind="s3", options=options)
target.secret = sys.argv[4]

def fill(sink):
    for _ in range(size):
        sink.write(b"x" * (1 << 20))

put_stream(target=target, key=key, fill=fill)
"""


def write_elsewhere(
    bucket: Bucket, mib: int, *, fault: str = ""
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", VARIABLE: fault}
    options = orjson.dumps(bucket.options()).decode()
    return subprocess.run(
        [sys.executable, "-c", WRITER, options, KEY, str(mib), SECRET],
        cwd=PROJECT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


IN_A_WRITER = [point for point in IN_A_BUCKET if point.startswith("s3.")]


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", every(IN_A_WRITER, "s3.part-sent"))
def test_a_killed_writer_leaves_nothing_under_the_key(
    bucket: Bucket, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = write_elsewhere(bucket, 12, fault=point)
    assert done.returncode == -signal.SIGKILL, done.stderr
    if point == "s3.published":
        assert (bucket.names(), bucket.uploads()) == ([KEY], [])
        return
    assert (bucket.names(), bucket.uploads()) == ([], [KEY])
    # Of a writer that may live; then of one that is dead for sure. And only once in an hour.
    backend = backend_for(bucket.target())
    if point != "s3.upload-begun":  # the test's server says that all uploads began in 2010
        assert backend.sweep() == 0
        monkeypatch.setattr(removing, "FORSAKEN_AFTER", timedelta(seconds=-5))
        assert backend.sweep() == 0
        s3_backend._swept.clear()
    assert backend.sweep() == 1
    assert bucket.uploads() == []
    written = put_stream(target=bucket.target(), key=KEY, fill=writing(b"again"))
    assert written.size == 5


@pytest.mark.exhaustive
def test_a_short_cut_is_waited_out(
    bucket: Bucket, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 20.0)

    def mend() -> None:
        wire.is_cut = False

    def fill(sink: Any) -> None:
        sink.write(PARTS[0])
        wire.is_cut = True
        threading.Timer(0.5, mend).start()
        sink.write(PARTS[1])

    put_stream(target=bucket.target(endpoint=wire.endpoint), key=KEY, fill=fill)
    assert bucket.body(KEY) == b"".join(PARTS)


@pytest.mark.parametrize("blocks", [(b"small",), as_exhaustive((PARTS,))])
def test_a_lost_answer_to_the_publishing_is_no_failure(
    bucket: Bucket, wire: Wire, blocks: tuple[bytes, ...]
) -> None:
    def fill(sink: Any) -> None:
        for block in blocks:
            sink.write(block)
        if len(blocks) > 1:
            # The last part is still to come: its answer, and then that to the publishing.
            wire.swallow = 2
        else:
            wire.swallow = 1

    put_stream(target=bucket.target(endpoint=wire.endpoint), key=KEY, fill=fill)
    assert wire.swallow == 0
    assert (bucket.body(KEY), bucket.uploads()) == (b"".join(blocks), [])


def test_a_place_that_went_away_is_named_and_left_alone(bucket: Bucket, wire: Wire) -> None:
    target = bucket.target(endpoint=wire.endpoint)

    def fill(sink: Any) -> None:
        sink.write(PARTS[0])
        wire.is_cut = True
        sink.write(PARTS[1])

    with pytest.raises(errors.Unreachable, match="does not answer") as caught:
        put_stream(target=target, key=KEY, fill=fill)
    assert caught.value.cure
    wire.is_cut = False
    # It is not asked again for a while: the tick has other things to do.
    with pytest.raises(errors.Unreachable):
        backend_for(target).size(KEY)
    connection._away.clear()
    assert (bucket.names(), bucket.uploads()) == ([], [KEY])
    delete_bytes(target=target, key=KEY)
    assert bucket.uploads() == []


def test_reading_goes_on_where_a_connection_broke(bucket: Bucket, wire: Wire) -> None:
    body = os.urandom(3 * MIB)
    bucket.put(KEY, body)
    wire.down_most, wire.breaks = MIB, 3
    found = []
    with open_object(target=bucket.target(endpoint=wire.endpoint), key=KEY) as file:
        while block := file.read(MIB):
            found.append(block)
    assert wire.breaks == 0
    assert b"".join(found) == body


def test_reading_that_cannot_go_on_is_named(bucket: Bucket, wire: Wire) -> None:
    bucket.put(KEY, os.urandom(3 * MIB))
    # Else all of it may be under way already when the wire is cut.
    wire.down_most, wire.breaks = MIB, 1
    with open_object(target=bucket.target(endpoint=wire.endpoint), key=KEY) as file:
        assert file.read(10)
        wire.is_cut = True
        with pytest.raises(errors.Unreachable):
            while file.read(MIB):
                pass


@pytest.mark.exhaustive
def test_what_is_replaced_while_it_is_read_is_no_whole(bucket: Bucket, wire: Wire) -> None:
    bucket.put(KEY, b"a" * 3 * MIB)
    with open_object(target=bucket.target(), key=KEY) as file:
        file.read(10)
        bucket.put(KEY, b"b" * 3 * MIB)
        file.seek(2 * MIB)
        with pytest.raises(StorageError, match="replaced"):
            file.read(10)


@pytest.mark.exhaustive
def test_a_store_that_replaces_what_it_should_not_is_told(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.backends.s3.writing import Writer

    # A store that knows no conditions answers as if none had been given.
    monkeypatch.setattr(Writer, "_condition", lambda _self: {})
    with pytest.raises(errors.NotSupported, match="If-None-Match"):
        backend_for(bucket.target()).test()
    assert bucket.names() == []


def test_nobody_is_there(bucket: Bucket, wire: Wire) -> None:
    wire.is_cut = True
    with pytest.raises(errors.Unreachable):
        backend_for(bucket.target(endpoint=wire.endpoint)).test()
    with pytest.raises(errors.NoBucket):
        backend_for(bucket.target(bucket="elsewhere")).test()
    keyless = StorageTarget(kind="s3", options=bucket.options())
    with pytest.raises(errors.WrongKey):
        backend_for(keyless).test()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_tls_is_checked_by_the_targets_own_authority(
    s3_server: Server, bucket: Bucket, tmp_path: Path
) -> None:
    pem = tmp_path / "both.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run(
        [
            *("openssl", *words.split(), "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(pem), "-out", str(tmp_path / "ca.pem")),
        ],
        capture_output=True,
        check=True,
    )
    authority = (tmp_path / "ca.pem").read_text()
    pem.write_text(pem.read_text() + authority)
    wire = Wire(s3_server.port, certificate=pem)
    try:
        with pytest.raises(errors.TlsFailed) as caught:
            backend_for(bucket.target(endpoint=wire.endpoint)).test()
        assert caught.value.cure
        backend_for(bucket.target(endpoint=wire.endpoint, ca_certificate=authority)).test()
        backend_for(bucket.target(endpoint=wire.endpoint, verify_tls=False)).test()
    finally:
        wire.close()


@pytest.mark.exhaustive
def test_memory_is_bounded(bucket: Bucket) -> None:
    """300 MB there, and back."""
    small = _peak(bucket, 1)
    delete_bytes(target=bucket.target(), key=KEY)
    large = _peak(bucket, 300)
    assert large - small < 40 * MIB, (small, large)


def _peak(bucket: Bucket, mib: int) -> int:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    options = orjson.dumps({**bucket.options(), "part_mb": 0}).decode()
    done = subprocess.run(
        [sys.executable, "-c", WRITER + READER, options, KEY, str(mib), SECRET],
        cwd=PROJECT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.splitlines()[-1]) * 1024


READER = """
from storage.services import open_object
import resource
with open_object(target=target, key=key) as file:
    while file.read(1 << 20):
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
