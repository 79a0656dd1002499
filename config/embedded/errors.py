"""What can go wrong with the embedded services, each with a code and a sentence."""


class EmbeddedError(Exception):
    """An embedded service cannot be used; the message says why and how to mend it."""

    code = "embedded_error"


class AccountUnusable(EmbeddedError):
    code = "service_account_unusable"


class BinaryMissing(EmbeddedError):
    code = "binary_missing"


class FolderUnsafe(EmbeddedError):
    code = "folder_unsafe"


class ForeignMajor(EmbeddedError):
    code = "postgres_foreign_major"


class StartFailed(EmbeddedError):
    code = "service_start_failed"
