"""The protocol of `storage.backends` for a bucket. How its rules hold here is decision 045."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django.utils.translation import gettext as _

from storage.backends.room import Room
from storage.backends.s3.connection import Connection
from storage.backends.s3.failures import code_of, not_lockable
from storage.backends.s3.place import Place
from storage.backends.s3.reading import reading
from storage.backends.s3.removing import abort_forsaken, locked_until, remove
from storage.backends.s3.writing import Writer
from storage.errors import NotSupported, ObjectExists, ObjectLocked, ObjectMissing, StorageError
from storage.keys import check_key, check_sheet_key

if TYPE_CHECKING:
    from storage.backends import Sink

# The tick asks every few seconds, and each time would be billed.
SWEEP_EVERY_SECONDS = 3600.0
_swept: dict[Place, float] = {}


class S3Backend:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.connection = Connection(place)

    def put(self, key: str, fill: "Callable[[Sink], None]") -> None:
        name = self._name(key)
        # Known before a terabyte is sent for nothing; publishing asks again, in one step.
        if self._exists(name):
            raise ObjectExists(_("There is already an object under this name."))
        self._write(Writer(self.connection, name), fill)

    def replace(self, key: str, fill: "Callable[[Sink], None]") -> None:
        name = self._name(check_sheet_key(key))
        self._write(Writer(self.connection, name, replaces=True), fill)

    def adopt(self, key: str, source: Path) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return cast(AbstractContextManager[BinaryIO], reading(self.connection, self._name(key)))

    def delete(self, key: str) -> None:
        remove(self.connection, self._name(key))

    def keys(self) -> Iterator[str]:
        """In the order of their bytes. Unfinished uploads have no key yet."""
        with self.connection.client() as client:
            pages = iter(
                client.get_paginator("list_objects_v2").paginate(
                    Bucket=self.place.bucket, Prefix=self.place.name_of("")
                )
            )
        while True:
            with self.connection.client():
                page = next(pages, None)
            if page is None:
                return
            for found in page.get("Contents", []):
                key = self.place.key_of(found["Key"])
                # What consoles make to show a folder is no object of anybody.
                if key and not key.endswith("/"):
                    yield key

    def size(self, key: str) -> int:
        with self.connection.client() as client:
            return client.head_object(Bucket=self.place.bucket, Key=self._name(key))[
                "ContentLength"
            ]

    def free_bytes(self) -> int | None:
        return None

    def room(self) -> Room | None:
        return None

    def sweep(self) -> int:
        last = _swept.get(self.place)
        if last is not None and time.monotonic() - last < SWEEP_EVERY_SECONDS:
            return 0
        _swept[self.place] = time.monotonic()
        return abort_forsaken(self.connection)

    def lock(self, key: str, until: datetime) -> datetime:
        name = self._name(key)
        known = locked_until(self.connection, name)
        if known is not None and known >= until:
            return known
        mode: Any = self.place.lock_mode  # checked when it was saved
        try:
            with self.connection.client() as client:
                client.put_object_retention(
                    Bucket=self.place.bucket,
                    Key=name,
                    Retention={"Mode": mode, "RetainUntilDate": until},
                )
        except StorageError as error:
            # Amazon has no code of its own for a bucket without Object Lock.
            raise not_lockable() if code_of(error) == "InvalidRequest" else error from error
        return until

    def test(self) -> None:
        key = f"probe-{secrets.token_hex(6)}"
        body = secrets.token_bytes(64)
        # A person asks: even a place that did not answer a moment ago. And a listing says in its
        # body what is wrong, where a question for one object only says no.
        with Connection(self.place, insistent=True).client() as client:
            client.list_objects_v2(Bucket=self.place.bucket, MaxKeys=1)
            if self.place.lock_days:
                client.get_object_lock_configuration(Bucket=self.place.bucket)
        self.put(key, lambda sink: _write_all(sink, body))
        try:
            with self.open(key) as file:
                if file.read() != body:
                    raise StorageError(_("What was read back differs from what was written."))
            self._refuse_replacing(key)
        finally:
            self._remove_probe(key)

    def _refuse_replacing(self, key: str) -> None:
        writer = Writer(self.connection, self._name(key))
        try:
            writer.write(b"another")
            writer.publish()
        except ObjectExists:
            return
        said = _("The storage replaced an object that it was asked not to (If-None-Match).")
        raise NotSupported(said, cure=_("Use a store, or a version of it, that knows this."))

    def _remove_probe(self, key: str) -> None:
        try:
            self.delete(key)
        except ObjectLocked:
            # A rule of the bucket locks whatever is put there: the probe goes when it ends.
            return

    def _write(self, writer: Writer, fill: "Callable[[Sink], None]") -> None:
        try:
            fill(writer)
            writer.publish()
        except BaseException:
            writer.abort()
            raise

    def _exists(self, name: str) -> bool:
        try:
            with self.connection.client() as client:
                client.head_object(Bucket=self.place.bucket, Key=name)
        except ObjectMissing:
            return False
        return True

    def _name(self, key: str) -> str:
        return self.place.name_of(check_key(key))


def _write_all(sink: "Sink", body: bytes) -> None:
    sink.write(body)
