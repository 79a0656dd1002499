"""Removing an object for good: unfinished uploads, every version, and the marks of deletions.

In a bucket with versions a plain DELETE only hides what lies there, and would do so even with
what is locked: so each version is removed by its id, and a locked one is named.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import structlog
from django.utils.translation import gettext as _

from storage.backends.s3.connection import Connection
from storage.errors import AccessDenied, NotSupported, ObjectLocked, ObjectMissing, StorageError
from storage.keys import is_key

log = structlog.get_logger(__name__)

# Without a part for so long, by the bucket's own clock, an upload's writer is dead: a live one
# that gets no part through is ended within minutes.
FORSAKEN_AFTER = timedelta(hours=24)


def remove(connection: Connection, name: str) -> None:
    """Raises ObjectLocked, StorageError. Nothing there is no error."""
    for upload in _uploads(connection, name):
        if upload["Key"] == name:
            _abort(connection, upload)
    try:
        versions = list(_versions(connection, name))
    except NotSupported:
        # A store without versions: there is one, and this is it.
        with connection.client() as client:
            client.delete_object(Bucket=connection.place.bucket, Key=name)
        return
    for version in versions:
        _remove_version(connection, name, version)


def abort_forsaken(connection: Connection) -> int:
    """End the uploads of writers that died; how many. Only below our prefix, and of names that
    could be ours."""
    place = connection.place
    count = 0
    for upload in _uploads(connection, place.name_of("")):
        if not is_key(place.key_of(upload["Key"])):
            continue
        last, now = _last_sign(connection, upload)
        if now - last > FORSAKEN_AFTER:
            _abort(connection, upload)
            log.info("upload_aborted", key=upload["Key"], begun=upload["Initiated"].isoformat())
            count += 1
    return count


def locked_until(connection: Connection, name: str) -> datetime | None:
    """Until when the bucket keeps its newest version. Raises ObjectMissing, StorageError."""
    with connection.client() as client:
        head = client.head_object(Bucket=connection.place.bucket, Key=name)
    return head.get("ObjectLockRetainUntilDate")


def _remove_version(connection: Connection, name: str, version: str) -> None:
    try:
        with connection.client() as client:
            client.delete_object(Bucket=connection.place.bucket, Key=name, VersionId=version)
    except ObjectMissing:
        return
    except AccessDenied as error:
        raise _locked(connection, name, version) or error from error


def _locked(connection: Connection, name: str, version: str) -> ObjectLocked | None:
    """The better name for a refusal, where the bucket says why."""
    try:
        with connection.client() as client:
            head: Any = client.head_object(
                Bucket=connection.place.bucket, Key=name, VersionId=version
            )
    except StorageError:
        return None
    if head.get("ObjectLockLegalHoldStatus") == "ON":
        return ObjectLocked(_("The bucket keeps this object: it is under legal hold there."))
    until = head.get("ObjectLockRetainUntilDate")
    if until is None:
        return None
    said = _("The bucket keeps this object locked until %(until)s.")
    return ObjectLocked(said % {"until": f"{until:%Y-%m-%d %H:%M} UTC"})


def _versions(connection: Connection, name: str) -> Iterator[str]:
    """The ids of all versions of this very name: they come first of all that begin with it."""
    with connection.client() as client:
        pages = iter(
            client.get_paginator("list_object_versions").paginate(
                Bucket=connection.place.bucket, Prefix=name
            )
        )
    while page := _next(connection, pages):
        rows = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        yield from (row["VersionId"] for row in rows if row["Key"] == name)
        if any(row["Key"] != name for row in rows):
            return


def _uploads(connection: Connection, prefix: str) -> Iterator[Any]:
    with connection.client() as client:
        pages = iter(
            client.get_paginator("list_multipart_uploads").paginate(
                Bucket=connection.place.bucket, Prefix=prefix
            )
        )
    while page := _next(connection, pages):
        yield from page.get("Uploads", [])


def _last_sign(connection: Connection, upload: Any) -> tuple[datetime, datetime]:
    """When its last part came, and what the bucket's clock shows now."""
    last = upload["Initiated"]
    with connection.client() as client:
        pages = iter(
            client.get_paginator("list_parts").paginate(
                Bucket=connection.place.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        )
    now = last
    while page := _next(connection, pages):
        now = _moment(page)
        last = max([last, *(part["LastModified"] for part in page.get("Parts", []))])
    return last, now


def _moment(answer: Any) -> datetime:
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def _abort(connection: Connection, upload: Any) -> None:
    try:
        with connection.client() as client:
            client.abort_multipart_upload(
                Bucket=connection.place.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
    except ObjectMissing:
        return


def _next(connection: Connection, pages: Iterator[Any]) -> Any:
    with connection.client():
        return next(pages, None)
