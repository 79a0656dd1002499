"""What this machine can refuse, each with a code and a sentence."""


class MachineError(Exception):
    """Something of the machine cannot be used; the message says why and how to mend it."""

    code = "machine_error"


class AccountUnusable(MachineError):
    code = "service_account_unusable"


class BinaryMissing(MachineError):
    code = "binary_missing"


class FolderUnsafe(MachineError):
    code = "folder_unsafe"


class StartFailed(MachineError):
    code = "service_start_failed"
