"""One object on its way to a bucket: parts of bounded memory, published as a whole or not at all.

What fits into one part goes as one request. Everything else is a multipart upload, of which
nobody sees anything until it is completed. Nothing is replaced (`If-None-Match`), and every
request carries the MD5 of its body, which the other side compares.
"""

import base64
import hashlib
import secrets
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from faults import reach
from storage.backends.s3.connection import Connection
from storage.backends.s3.failures import code_of
from storage.errors import (
    ChangedOnTheWay,
    ObjectExists,
    ObjectMissing,
    StorageError,
    TooLarge,
    Unreachable,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 1 << 20
# Up to which part they have which size: 10,000 parts are all there may be. 16 GB by parts of 16
# MiB, 270 GB by those of 64; about 5 TB in all. Above IN_MEMORY a part waits on the disk.
SIZES = ((1000, 16 * MIB), (5000, 64 * MIB), (8000, 256 * MIB), (10_000, 2048 * MIB))
IN_MEMORY = 64 * MIB
WRITER = "holdfast-writer"


class Writer:
    """A sink. Then `publish`, or `abort`. `replaces`: an object there gives way to this one."""

    def __init__(self, connection: Connection, name: str, *, replaces: bool = False) -> None:
        self.connection = connection
        self.place = connection.place
        self.name = name
        self.size = 0
        self._replaces = replaces
        # By it an object is known as ours when the answer to its publishing was lost.
        self._token = secrets.token_hex(16)
        self._upload = ""
        self._sent: list[dict[str, Any]] = []
        self._part_size = self._next_size()
        self._part = SpooledTemporaryFile(max_size=IN_MEMORY, dir=_disk())  # noqa: SIM115 - see abort
        self._digest = _md5()
        self._filled = 0

    def write(self, data: bytes, /) -> int:
        rest = memoryview(data)
        while rest:
            piece = rest[: self._part_size - self._filled]
            rest = rest[len(piece) :]
            self._part.write(piece)
            self._digest.update(piece)
            self._filled += len(piece)
            if self._filled == self._part_size:
                self._send_part()
        self.size += len(data)
        return len(data)

    def publish(self) -> None:
        """Raises StorageError; ObjectExists when another object lies there."""
        try:
            if self._upload and self._filled:
                self._send_part()
            reach("s3.all-sent")
            publish = self._complete if self._upload else self._put_at_once
            try:
                self.connection.patiently(publish)
            except StorageError as error:
                # Asked twice, when the first answer was lost: then the second one is that there
                # is an object already, or no such upload any more. Perhaps by us.
                if not self._may_be_ours(error) or not self._is_ours():
                    raise
            reach("s3.published")
            if self._upload and not self._is_ours():
                raise ChangedOnTheWay(_("What lies at the storage is not what was put there."))
        finally:
            self._part.close()

    def abort(self) -> None:
        """Leave nothing, as far as it can be reached: `delete` and `sweep` find the rest."""
        self._part.close()
        if self._upload:
            try:
                with self.connection.client() as client:
                    client.abort_multipart_upload(
                        Bucket=self.place.bucket, Key=self.name, UploadId=self._upload
                    )
            except StorageError:
                return

    def _send_part(self) -> None:
        if not self._upload:
            self._upload = self.connection.patiently(self._begin)
            reach("s3.upload-begun")
        number = len(self._sent) + 1

        def send(client: "S3Client") -> str:
            self._part.seek(0)
            return client.upload_part(
                Bucket=self.place.bucket,
                Key=self.name,
                UploadId=self._upload,
                PartNumber=number,
                Body=self._part,
                ContentLength=self._filled,
                ContentMD5=self._md5(),
            )["ETag"]

        self._sent.append({"ETag": self.connection.patiently(send), "PartNumber": number})
        reach("s3.part-sent")
        self._part.seek(0)
        self._part.truncate()
        self._digest, self._filled = _md5(), 0
        self._part_size = self._next_size()

    def _begin(self, client: "S3Client") -> str:
        begun = client.create_multipart_upload(
            Bucket=self.place.bucket, Key=self.name, **self._kind()
        )
        return begun["UploadId"]

    def _complete(self, client: "S3Client") -> None:
        client.complete_multipart_upload(
            Bucket=self.place.bucket,
            Key=self.name,
            UploadId=self._upload,
            MultipartUpload={"Parts": self._sent},  # type: ignore[typeddict-item]  # a plain dict
            **self._condition(),
        )

    def _put_at_once(self, client: "S3Client") -> None:
        self._part.seek(0)
        client.put_object(
            Bucket=self.place.bucket,
            Key=self.name,
            Body=self._part,
            ContentLength=self._filled,
            ContentMD5=self._md5(),
            **self._condition(),
            **self._kind(),
        )

    def _may_be_ours(self, error: StorageError) -> bool:
        return isinstance(error, ObjectExists | Unreachable) or code_of(error) == "NoSuchUpload"

    def _is_ours(self) -> bool:
        def head(client: "S3Client") -> Any:
            return client.head_object(Bucket=self.place.bucket, Key=self.name)

        try:
            found = self.connection.patiently(head)
        except ObjectMissing:
            return False
        is_same: bool = found["Metadata"].get(WRITER) == self._token
        return is_same and bool(found["ContentLength"] == self.size)

    def _condition(self) -> dict[str, Any]:
        return {} if self._replaces else {"IfNoneMatch": "*"}

    def _kind(self) -> dict[str, Any]:
        """What the object is to be, said when it is begun."""
        found: dict[str, Any] = {
            "Metadata": {WRITER: self._token},
            "ContentType": "application/octet-stream",
        }
        if self.place.storage_class:
            found["StorageClass"] = self.place.storage_class
        if self.place.encryption:
            found["ServerSideEncryption"] = self.place.encryption
        if self.place.kms_key:
            found["SSEKMSKeyId"] = self.place.kms_key
        return found

    def _md5(self) -> str:
        return base64.b64encode(self._digest.digest()).decode()

    def _next_size(self) -> int:
        number = len(self._sent) + 1
        for last, size in SIZES:
            if number <= last:
                return self.place.part_mb * MIB or size
        raise TooLarge(_("The object needs more parts than S3 allows."))


def _md5() -> Any:
    # Not for secrecy: it is what S3 compares a request's body by.
    return hashlib.md5(usedforsecurity=False)


def _disk() -> str:
    """Not /tmp, which may be memory: a large part would be there what it is to spare."""
    return str(settings.PLACES.data)
