"""What a bucket refuses, by the codes that stores answer with: each is named, and says its cure."""

import pytest

from storage import errors
from storage.backends import backend_for
from storage.errors import StorageError
from storage.services import put_stream
from tests.storage.buckets import SECRET, Refusing
from tests.storage.test_put import writing

pytestmark = pytest.mark.xdist_group("s3")

KEY = "orders-1/20261121T101112Z-1/orders.dump.age"
MIB = 1 << 20
PARTS = (b"x" * 6 * MIB, b"y" * 6 * MIB)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "AccessDenied", errors.AccessDenied),
        (403, "QuotaExceeded", errors.DiskFull),
        (507, "XMinioStorageFull", errors.DiskFull),
        (400, "BadDigest", errors.ChangedOnTheWay),
        (418, "Teapot", StorageError),
    ],
)
def test_a_refusal_in_the_middle_is_named_and_aborted(
    status: int, code: str, kind: type[StorageError]
) -> None:
    server = Refusing(status, code, from_part=2)
    try:
        with pytest.raises(StorageError) as caught:
            put_stream(target=server.target(), key=KEY, fill=writing(*PARTS))
        assert type(caught.value) is kind
        assert SECRET not in str(caught.value)
        assert server.aborted == 1
    finally:
        server.close()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InvalidAccessKeyId", errors.WrongKey),
        (403, "SignatureDoesNotMatch", errors.WrongKey),
        (403, "AccessDenied", errors.AccessDenied),
        (404, "NoSuchBucket", errors.NoBucket),
        (301, "PermanentRedirect", errors.WrongRegion),
        (400, "AuthorizationHeaderMalformed", errors.WrongRegion),
        (403, "RequestTimeTooSkewed", errors.ClockSkew),
        (503, "SlowDown", errors.Unreachable),
        (501, "NotImplemented", errors.NotSupported),
    ],
)
def test_the_test_says_what_is_wrong_and_what_to_do(
    status: int, code: str, kind: type[StorageError]
) -> None:
    server = Refusing(status, code, x_amz_bucket_region="eu-central-1")
    try:
        with pytest.raises(StorageError) as caught:
            backend_for(server.target()).test()
        assert type(caught.value) is kind
        assert caught.value.cure
        if kind is errors.WrongRegion:
            assert "eu-central-1" in str(caught.value)
    finally:
        server.close()
