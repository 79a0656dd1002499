"""What is wrong with a file that was not made here: each refusal by a code of its own."""

from django.utils.translation import gettext_lazy as _

from backups.errors import BackupError, Conflict


class Refused(BackupError):
    """What is in the file is never restored."""

    code = "file_refused"
    cure = _("Ask whoever made the file for a plain pg_dump, in its custom format.")


class Unrecognized(Refused):
    code = "format_unknown"
    cure = _("Give a dump made by pg_dump: custom, tar, directory (as a tar) or plain SQL.")


class CutShort(Refused):
    code = "file_cut"
    cure = _("Its end is missing: copy or upload it again, and compare its sha256.")


class Damaged(Refused):
    code = "file_damaged"
    cure = _("Copy or upload it again, and compare its sha256 with the origin's.")


class ExpandsTooMuch(Refused):
    code = "expands_too_much"
    cure = _("Unpack it yourself, look at it, and give what is inside.")


class Changed(Refused):
    code = "file_changed"
    status = 409
    cure = _("Wait until nobody writes to it, then try again.")


class Hostile(Refused):
    """It would do something that no dump does."""

    code = "file_hostile"
    cure = _("Do not trust this file. The answer names the line or the entry.")


class RoleNeeded(Conflict):
    code = "role_needed"
    cure = _("Give the connection's user CREATEROLE, or use one that may make roles.")


class RunsByItself(Conflict):
    code = "runs_by_itself"
    cure = _("Restore it without an owner, look at what is named, then give it away yourself.")


class NoSafeClient(Conflict):
    code = "client_unsafe"
    cure = _("Install psql 15.20, 16.16, 17.12, 18.6 or newer.")
