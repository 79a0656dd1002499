"""What can go wrong with bytes at a place, by class and stable code."""

import errno


class StorageError(Exception):
    """A storage target did not do its work. `code` is stable; the message is for a person.

    `status` is the HTTP status when a request is refused for it.
    """

    code = "storage_unavailable"
    status = 409


class DiskFull(StorageError):
    code = "disk_full"


class ObjectMissing(StorageError):
    code = "missing"


class ObjectExists(StorageError):
    """Something lies under this key already, and nothing is ever replaced."""

    code = "object_exists"


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
