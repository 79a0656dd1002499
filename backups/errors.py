"""What can go wrong with a backup: one class a kind, each with a stable code.

`status` is the HTTP status when a request is refused for it; `cure` says what to do.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class BackupError(Exception):
    """The message is for a person and holds no secret."""

    code = "dump_failed"
    status = 422
    cure: str | Promise = ""
    detail: str

    def __init__(self, message: str | Promise, *, detail: str = "") -> None:
        super().__init__(str(message))
        self.detail = detail


class Conflict(BackupError):
    """Not as things are now; nothing is wrong with what was asked."""

    code = "conflict"
    status = 409


class DumpFailed(BackupError):
    cure = _("Read the tool's own words below; the database's log may say more.")


class ConnectionFailed(BackupError):
    code = "connection_failed"
    cure = _("Check the host and port, and that the server listens there and lets this machine in.")


class AuthenticationFailed(BackupError):
    code = "authentication_failed"
    cure = _("Check the user and password of this database.")


class PermissionDenied(BackupError):
    code = "permission_denied"
    cure = _("Give the user the role pg_read_all_data, or let the owner make the backup.")


class NoOtherDatabase(PermissionDenied):
    """A name is changed, and a database dropped, from within another one."""

    code = "no_other_database"
    cure = _("GRANT CONNECT ON DATABASE postgres to the user.")


class UnknownDatabase(BackupError):
    code = "unknown_database"
    cure = _("Check the database's name on the server.")


class VersionMismatch(BackupError):
    code = "version_mismatch"
    cure = _("Install PostgreSQL client programs of the server's version or newer.")


class NothingMatches(BackupError):
    code = "nothing_matches"
    cure = _("Check the schema and table names of the options.")


class DiskFull(Conflict):
    code = "disk_full"
    cure = _("Make room at the storage, or choose another one.")


class StorageUnavailable(Conflict):
    code = "storage_unavailable"
    cure = _("Check the storage target; `manage.py doctor` tests it.")


class Corrupt(BackupError):
    code = "corrupt"
    cure = _("Make another backup now, and test the storage.")


class RestoreFailed(BackupError):
    code = "restore_failed"
    cure = _("Read the tool's own words; the database may hold what cannot be restored.")


class ServerTooOld(RestoreFailed):
    """What the archive says is not understood by a server older than its source."""

    code = "server_too_old"
    cure = _("Restore it into a server of the source's version or newer.")


class NotChoosable(BackupError):
    """Only some of an archive was asked for, whose table of contents cannot be read."""

    code = "not_choosable"
    cure = _("Restore all of it.")


class TargetExists(Conflict):
    code = "target_exists"
    cure = _("Choose another name, or rename the database that is there.")


class TargetMissing(Conflict):
    code = "target_missing"
    cure = _("Restore it as a new database of that name.")


class TargetChanged(Conflict):
    """Somebody renamed, dropped or made databases meanwhile: nothing is touched then."""

    code = "target_changed"
    cure = _("Look at what is on the server, then ask again.")


class TargetBound(Conflict):
    """Slots, subscriptions or prepared transactions belong to it by its identity."""

    code = "target_bound"
    cure = _("End what is named, then ask again.")


class SessionsStay(Conflict):
    code = "sessions_stay"
    cure = _("End the sessions that are left (the user may lack the right to), then ask again.")


class PropertiesLost(BackupError):
    """Owner, grants or settings cannot be given to the new database; nothing was swapped."""

    code = "properties_lost"
    cure = _("Let a user ask who owns the database and may grant and set what it has.")


class Unsettled(BackupError):
    """The answer to a COMMIT was lost: only a look at the server tells."""

    code = "unsettled"
    cure = _("Nothing: it is looked up as soon as the server answers.")


class DrillServerFailed(BackupError):
    """The throw-away server, not the backup: nothing is known anew."""

    code = "drill_server_failed"
    cure = _("Look at the memory and the disk of this machine, then start the drill again.")


class Missing(Conflict):
    code = "missing"
    cure = _("The file is gone from the storage. Make another backup now.")


class TimedOut(BackupError):
    code = "timeout"
    cure = _("Another session holds a lock on a table; wait for it to end and try again.")


class SecretUnusable(Conflict):
    """The stored password cannot be opened with the keys of this server."""

    code = "secret_unreadable"
    cure = _("Bring back the file secrets.key of this installation, or enter the password again.")


class Cancelled(BackupError):
    code = "cancelled"


class WorkerLost(BackupError):
    code = "worker_lost"
    cure = _("Start it again; look into the worker's log if it comes back.")


class BadOption(BackupError):
    """An option is unknown, of the wrong kind, or not possible together with another."""

    code = "bad_option"
    status = 400

    def __init__(self, option: str, message: str | Promise) -> None:
        super().__init__(message)
        self.option = option


class NotFound(BackupError):
    code = "not_found"
    status = 404


class AlreadyRunning(Conflict):
    code = "already_running"
    cure = _("Wait for it to end, or queue another one with force.")


class NotReady(Conflict):
    """There is nothing to download or check yet, or any more."""

    code = "not_ready"


class KeyMissing(Conflict):
    code = "key_missing"
    cure = _("Give this server a key that can read the backup, or use the recovery key.")


class Protected(Conflict):
    """The newest good or the newest proven backup of a database is never deleted."""

    code = "protected"
    cure = _("Make another good backup first; or delete the database itself, with its backups.")


class Pinned(Conflict):
    code = "pinned"
    cure = _("Take the pin away, or delete it with force.")


class Held(Conflict):
    code = "held"
    cure = _("An administrator ends the legal hold first; force does not.")


class Locked(Conflict):
    """The storage itself refuses to remove it until a time (Object Lock)."""

    code = "locked"
    cure = _("Wait until the lock has ended; nothing here can end it earlier.")


class KeyReused(BackupError):
    """The same Idempotency-Key came with another request."""

    code = "key_reused"
    cure = _("Use a new Idempotency-Key for another request.")


class InUse(Conflict):
    code = "in_use"
