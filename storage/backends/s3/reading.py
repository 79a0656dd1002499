"""One object, read in constant memory from any place of it on, over connections that break."""

import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.utils.translation import gettext as _

from storage.backends.s3.connection import Connection
from storage.backends.s3.failures import named_errors, no_bucket
from storage.errors import ObjectExists, ObjectMissing, StorageError, Unreachable

# Without a single byte in between; each is a request with the library's own attempts.
MOST_FAILURES = 4
FIRST_PAUSE = 0.5


class Reading(io.RawIOBase):
    """Reads of a version that never changes: the one that was there when it was opened.

    A `read` may give less than was asked for; none but at the end gives nothing.
    """

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        head = _head(connection, name)
        self.size = int(head["ContentLength"])
        self._etag = head["ETag"]
        self._position = 0
        self._body: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if start + offset != self._position:
            self._drop()
            self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        room = memoryview(buffer).cast("B")
        wanted = min(len(room), self.size - self._position)
        if wanted <= 0:
            return 0
        found = self._read(wanted)
        room[: len(found)] = found
        self._position += len(found)
        return len(found)

    def close(self) -> None:
        self._drop()
        super().close()

    def _read(self, wanted: int) -> bytes:
        pause = FIRST_PAUSE
        for failures in range(MOST_FAILURES):
            try:
                return self._read_once(wanted)
            except Unreachable:
                self._drop()
                if failures + 1 == MOST_FAILURES:
                    raise
            time.sleep(pause)
            pause *= 4
        raise AssertionError

    def _read_once(self, wanted: int) -> bytes:
        if self._body is None:
            self._body = self._begin()
        with named_errors(self._connection.place):
            found: bytes = self._body.read(wanted)
        if not found:
            raise Unreachable(_("The storage ended the object before its end."))
        return found

    def _begin(self) -> Any:
        place = self._connection.place
        try:
            with Connection(place, insistent=True).client() as client:
                return client.get_object(
                    Bucket=place.bucket,
                    Key=self._name,
                    Range=f"bytes={self._position}-",
                    IfMatch=self._etag,
                )["Body"]
        except ObjectExists as error:  # a condition that does not hold: here, that it is the same
            raise StorageError(_("The object was replaced while it was read.")) from error

    def _drop(self) -> None:
        body, self._body = self._body, None
        if body is not None:
            # What is left of it is not fetched only to be thrown away.
            with suppress(Exception):
                body.close()


def _head(connection: Connection, name: str) -> Any:
    """Raises ObjectMissing, and NoBucket where all of them would be missing: that is no loss of
    this one."""
    bucket = connection.place.bucket
    try:
        with connection.client() as client:
            return client.head_object(Bucket=bucket, Key=name)
    except ObjectMissing:
        try:
            with connection.client() as client:
                client.head_bucket(Bucket=bucket)
        except ObjectMissing as error:
            raise no_bucket() from error
        raise


@contextmanager
def reading(connection: Connection, name: str) -> Iterator[Reading]:
    with Reading(connection, name) as file:
        yield file
