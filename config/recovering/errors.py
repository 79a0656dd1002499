"""Why a recovery is refused: each with a stable code, and then nothing was touched."""


class RecoveryRefused(Exception):
    code = "recovery_refused"


class NoSet(RecoveryRefused):
    code = "no_set"


class CutSet(RecoveryRefused):
    """A file of the set is missing, or not the one that its manifest tells of."""

    code = "cut_set"


class ForeignSet(RecoveryRefused):
    """Its parts are not of one set, or it is none of ours."""

    code = "foreign_set"


class WrongKey(RecoveryRefused):
    code = "wrong_key"


class NewerVersion(RecoveryRefused):
    """A newer version of Holdfast made it."""

    code = "newer_version"


class NotEmpty(RecoveryRefused):
    """Something is where the recovered installation would be."""

    code = "not_empty"


class Differs(RecoveryRefused):
    """What was restored is not what was dumped."""

    code = "differs"
