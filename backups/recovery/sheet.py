"""The restore sheet beside the artifacts of a database: plain text, to be printed and kept.

Written anew after each good backup, for the person who has the disk, the key and no Holdfast.
"""

from datetime import datetime, timedelta
from textwrap import wrap

import structlog
from django.utils.translation import gettext as _

from backups.copies import copies_to_read
from backups.keyring import RECOVERY_FILE
from backups.models import Backup, Check
from backups.naming import sheet_key
from backups.options import NARROWING
from look.units import duration, size
from storage.models import StoredObject
from storage.services import replace_sheet

log = structlog.get_logger(__name__)
WIDTH = 78
POSTGRESQL = "https://www.postgresql.org/download/"


def write_restore_sheet(*, backup: Backup) -> None:
    """Put a fresh sheet at every place where the backup lies; when a newer good one of its
    database is there, or it is one of a part, nothing is written.

    Never raises: a backup that is stored and checked does not fail for its sheet. To be called
    when the backup is registered, outside of a transaction; after a drill again, for its time.
    """
    try:
        found = _newest_whole(backup)
        if found is None or found.pk != backup.pk:
            return
        for stored in copies_to_read(found):
            text = sheet_text(backup=found, stored=stored)
            replace_sheet(target=stored.target, key=sheet_key(stored.key), text=text)
    except Exception as error:  # noqa: BLE001  # as said above; the next good backup writes it
        log.warning("restore_sheet_failed", backup=str(backup.pk), error=str(error))


def _newest_whole(backup: Backup) -> Backup | None:
    rows = Backup.objects.filter(
        database=backup.database_id,
        status=Backup.Status.COMPLETED,
        validation__in=(
            Backup.Validation.GOOD,
            Backup.Validation.PROVEN,
            Backup.Validation.PARTIAL,
        ),
    )
    whole = rows.exclude(options__has_any_keys=NARROWING).select_related("database", "company")
    found: Backup | None = whole.order_by("-created_at", "-id").first()
    return found


def sheet_text(*, backup: Backup, stored: StoredObject | None) -> str:
    """The sheet beside one copy of a backup that has its manifest. Holds no secret."""
    manifest = backup.manifest or {}
    parts = [
        _heading(backup),
        _section(_("What you need"), _needs(manifest)),
        _section(_("What to type"), _commands(backup, stored)),
        _section(_("Is it whole?"), _checks()),
        _section(_("How long it takes"), _time(backup)),
        _section(_("Which keys open it"), _keys(manifest)),
    ]
    return "\n".join(parts)


def _heading(backup: Backup) -> str:
    facts = [
        (_("Database"), backup.database.name),
        (_("Company"), backup.company.name),
        (_("Newest good backup"), _moment(backup.started_at or backup.created_at)),
        (_("Server"), f"PostgreSQL {backup.server_version}"),
        (_("Size"), _("%(stored)s stored, %(source)s at the source") % _sizes(backup)),
        (_("Id"), str(backup.pk)),
    ]
    width = max(len(name) for name, _value in facts) + 2
    title = _("How to restore this database without Holdfast")
    lines = [title, "=" * len(title), "", *(f"{name:<{width}}{value}" for name, value in facts)]
    return "\n".join(lines) + "\n"


def _needs(manifest: dict[str, object]) -> list[str]:
    restore = manifest.get("restore")
    needs = restore["needs"] if isinstance(restore, dict) else []
    return [
        _("- the file %s: the recovery key. Its owner keeps it away from the server.")
        % RECOVERY_FILE,
        *(f"- {need}" for need in needs),
        "",
        _("Debian, Ubuntu: apt install age zstd postgresql-client"),
        "age: https://age-encryption.org",
        _("PostgreSQL, where the distribution's is too old: %s") % POSTGRESQL,
    ]


def _commands(backup: Backup, stored: StoredObject | None) -> list[str]:
    manifest = backup.manifest or {}
    run = stored.key.split("/")[1] if stored else "."
    file = manifest["artifact"]["file"]
    return [
        _("In the folder of this sheet, with the recovery key copied into the one below:"),
        "",
        f"    cd {run}",
        f"    echo '{backup.sha256}  {file}' | sha256sum -c",
        *(f"    {command}" for command in manifest["restore"]["commands"]),
        "",
        _("An older backup: each folder here is one. The commands are in its .manifest.json."),
    ]


def _checks() -> list[str]:
    return [
        _("sha256sum says OK, and age and pg_restore say nothing."),
        _("Where pg_restore names roles that are missing, make them, or add --no-owner --no-acl."),
        _("When age reports an error, do not trust what was restored: take another backup."),
    ]


def _time(backup: Backup) -> list[str]:
    drills = Check.objects.filter(
        level="restore",
        backup__database=backup.database_id,
        status=Backup.Status.COMPLETED,
        restore_seconds__isnull=False,
    )
    drill = drills.order_by("-completed_at").first()
    if drill is None or drill.restore_seconds is None:
        return [_("Not measured yet.")]
    return [
        _("The last restore drill took %(time)s (%(when)s).")
        % {
            "time": duration(timedelta(seconds=drill.restore_seconds)),
            "when": _moment(drill.completed_at or drill.created_at),
        }
    ]


def _keys(manifest: dict[str, object]) -> list[str]:
    artifact = manifest.get("artifact")
    recipients = artifact["recipients"] if isinstance(artifact, dict) else []
    words = {"recovery": RECOVERY_FILE, "installation": _("the server's own key")}
    lines = [_("Public halves; they open nothing, and show which key is the right one.")]
    for one in recipients:
        if one["role"] in words:
            lines += ["", f"{words[one['role']]}:", f"    {one['public']}"]
    return lines


def _section(title: str, lines: list[str]) -> str:
    body = [part for line in lines for part in _wrapped(line)]
    return "\n".join([title, "-" * len(title), *body]) + "\n"


def _wrapped(line: str) -> list[str]:
    """Commands and keys stay in one piece."""
    if line.startswith("    ") or len(line) <= WIDTH:
        return [line]
    return wrap(line, WIDTH, subsequent_indent="  " if line.startswith("- ") else "")


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _sizes(backup: Backup) -> dict[str, str]:
    return {"stored": size(backup.size_bytes), "source": size(backup.source_bytes)}
