"""What can go wrong with bytes at a place, by class and stable code."""

import errno


class StorageError(Exception):
    """A storage target did not do its work. `code` is stable; the message is for a person."""

    code = "storage_unavailable"


class DiskFull(StorageError):
    code = "disk_full"


class ObjectMissing(StorageError):
    code = "missing"


class ObjectExists(StorageError):
    """Something lies under this key already, and nothing is ever replaced."""

    code = "object_exists"


class BadKey(StorageError):
    code = "bad_key"


def storage_error(error: OSError) -> StorageError:
    """The named error for an OSError of a local target."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull("The storage is full.")
    if error.errno == errno.ENOENT:
        return ObjectMissing("The file is not there any more.")
    return StorageError(f"The storage answered: {error.strerror or error}.")
