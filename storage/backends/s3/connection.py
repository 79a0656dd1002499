"""The client of a bucket: made once in a process by django-storages, with timeouts of ours.

A place that does not answer is left alone for a while: else each of the tick's duties would wait
for it anew.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader
from django.conf import settings
from storages.backends.s3 import S3Storage

from storage.backends.s3.failures import named_errors
from storage.backends.s3.place import Place
from storage.errors import StorageError, Unreachable, WrongKey
from storage.s3_options import refuse_inner

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

CONNECT_SECONDS = 5
ANSWER_SECONDS = 45
# With the library's own pauses; what may wait longer does so itself (`patiently`).
ATTEMPTS = 2
LEFT_ALONE_SECONDS = 60.0
PATIENCE_SECONDS = 120.0
LONGEST_PAUSE = 15.0
LET_IN_SECONDS = 60.0
MOST_CLIENTS = 16
DEFAULT_REGION = "us-east-1"

_lock = threading.Lock()
# What describes S3 to the library is some megabytes of JSON, which each session would parse anew.
_descriptions = Loader()
# Never shared with a child of this process: two of them on one socket would mix their answers.
_clients: dict[tuple[int, Place], "S3Client"] = {}
_let_in: dict[tuple[str, bool], float] = {}
_away: dict[tuple[int, Place], tuple[float, StorageError]] = {}


class _Storage(S3Storage):  # type: ignore[misc]  # storages: untyped
    def _create_session(self) -> boto3.session.Session:
        session = botocore.session.Session()
        session.register_component("data_loader", _descriptions)
        return boto3.session.Session(self.access_key, self.secret_key, botocore_session=session)


class Connection:
    """`insistent`: ask even a place that did not answer a moment ago."""

    def __init__(self, place: Place, *, insistent: bool = False) -> None:
        self.place = place
        self.insistent = insistent

    @contextmanager
    def client(self) -> Iterator["S3Client"]:
        """The client, with its errors named. Raises StorageError."""
        mark = (os.getpid(), self.place)
        if not self.insistent:
            _refuse_if_away(mark)
        try:
            with named_errors(self.place):
                yield _client(mark)
        except Unreachable as error:
            _away[mark] = (time.monotonic(), error)
            raise
        _away.pop(mark, None)

    def patiently(self, ask: Callable[["S3Client"], T]) -> T:
        """Ask again while there is no answer, for a time that ends before a run counts as stalled.

        Only for what may be asked twice.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        pause = 0.5
        while True:
            try:
                with Connection(self.place, insistent=True).client() as client:
                    return ask(client)
            except Unreachable:
                if time.monotonic() + pause > until:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _refuse_if_away(mark: tuple[int, Place]) -> None:
    at, error = _away.get(mark, (0.0, None))
    if error is not None and time.monotonic() - at < LEFT_ALONE_SECONDS:
        raise Unreachable(str(error), cure=error.cure)


def _client(mark: tuple[int, Place]) -> "S3Client":
    place = mark[1]
    _refuse_inner(place)
    with _lock:
        found = _clients.get(mark)
        if found is None:
            if len(_clients) >= MOST_CLIENTS:
                _clients.clear()
            found = _clients[mark] = _new_client(place)
        return found


def _refuse_inner(place: Place) -> None:
    """Asked anew once in a while: not for each request, since a name's answer may take its time."""
    allowed = settings.ENVIRONMENT.storage_inner_hosts
    last = _let_in.get((place.endpoint, allowed))
    if not place.endpoint or (last is not None and time.monotonic() - last < LET_IN_SECONDS):
        return
    refuse_inner(urlsplit(place.endpoint).hostname or "")
    _let_in[place.endpoint, allowed] = time.monotonic()


def _new_client(place: Place) -> "S3Client":
    if not place.access_key or not place.secret_key:
        # Without them the library would look for those of this machine, and lend them out.
        raise WrongKey("The storage has no access key, or no secret.")
    storage = _Storage(
        access_key=place.access_key,
        secret_key=place.secret_key,
        # Whatever this process's environment says belongs to somebody else.
        security_token=None,
        session_profile=None,
        bucket_name=place.bucket,
        endpoint_url=place.endpoint or None,
        region_name=place.region or DEFAULT_REGION,
        verify=_authorities(place),
        client_config=Config(  # type: ignore[call-arg]  # its stubs lack one of them
            signature_version="s3v4",
            s3={"addressing_style": "path" if place.path_style else "virtual"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            tcp_keepalive=True,
            ignore_configured_endpoint_urls=True,
            # Many stores know no trailing checksums: we send Content-MD5, which all of them check.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    client: S3Client = storage.connection.meta.client
    return client


def _authorities(place: Place) -> bool | str | None:
    """None: those of the machine. A certificate of the target's own has no file: it is read
    from memory, by the only way that the library has."""
    if not place.verify_tls:
        return False
    if not place.ca_certificate:
        return None
    descriptor = os.memfd_create("holdfast-ca")
    os.write(descriptor, place.ca_certificate.encode())
    # Kept open for as long as the process lives: each new connection reads it.
    return f"/proc/self/fd/{descriptor}"
