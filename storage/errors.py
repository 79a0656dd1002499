"""What can go wrong with bytes at a place, by class and stable code."""

import errno


class StorageError(Exception):
    """A storage target did not do its work. `code` is stable; the message is for a person.

    `status` is the HTTP status when a request is refused for it; `cure` says what to do.
    """

    code = "storage_unavailable"
    status = 409

    def __init__(self, message: str = "", *, cure: str = "") -> None:
        super().__init__(message)
        self.cure = cure


class DiskFull(StorageError):
    code = "disk_full"


class ObjectMissing(StorageError):
    code = "missing"


class ObjectExists(StorageError):
    """Something lies under this key already, and nothing is ever replaced."""

    code = "object_exists"


class ObjectLocked(StorageError):
    """The place itself refuses to remove it for now (Object Lock, a legal hold)."""

    code = "locked"


class Unreachable(StorageError):
    """No answer, or one that says to come again: worth trying later."""

    code = "unreachable"


class TlsFailed(StorageError):
    code = "tls_failed"


class WrongKey(StorageError):
    """The access key is not known there, or the secret is not that of it."""

    code = "wrong_key"


class AccessDenied(StorageError):
    """The access key is known and may not do this."""

    code = "access_denied"


class NoBucket(StorageError):
    code = "no_bucket"


class WrongRegion(StorageError):
    code = "wrong_region"


class ClockSkew(StorageError):
    code = "clock_skew"


class NotSupported(StorageError):
    """The place does not speak a part of the protocol that is needed."""

    code = "not_supported"


class NotLockable(StorageError):
    """Locking was asked for, and the bucket has no Object Lock."""

    code = "no_object_lock"


class ChangedOnTheWay(StorageError):
    """What arrived is not what was sent."""

    code = "changed_on_the_way"


class TooLarge(StorageError):
    code = "too_large"


class Archived(StorageError):
    """A rule moved it to a class from which it must be brought back before it is read."""

    code = "archived"


class InnerHost(StorageError):
    """An address of an inner network, which the operator has not allowed."""

    code = "inner_host"


class SecretLost(StorageError):
    """The stored secret cannot be opened with the keys of this server."""

    code = "secret_unreadable"


class BadKey(StorageError):
    code = "bad_key"


class NoSuchTarget(StorageError):
    code = "not_found"
    status = 404


class TargetInUse(StorageError):
    """Something lies there, or is to be put there."""

    code = "in_use"


def storage_error(error: OSError) -> StorageError:
    """The named error for an OSError of a local target."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull("The storage is full.")
    if error.errno == errno.ENOENT:
        return ObjectMissing("The file is not there any more.")
    return StorageError(f"The storage answered: {error.strerror or error}.")
