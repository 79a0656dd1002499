"""A backup as lines of text for a terminal."""

import sys
from typing import Any

from django.utils.translation import gettext as _

from backups.copying.description import count_copies
from backups.models import Backup
from look import units
from monitoring.files.models import LogLine, TrackedFile
from storage.models import StoredObject


def one(backup: Backup, out: Any) -> None:
    facts = [
        (_("File"), backup.file_name),
        (_("Database"), backup.database.name),
        (_("Id"), str(backup.pk)),
        (_("Status"), backup.get_status_display()),
        (_("Integrity"), backup.get_validation_display()),
        (_("Size"), _size(backup)),
        (_("SHA-256"), backup.sha256),
        (_("Storage"), _copies(backup)),
        (_("Server"), backup.server_version),
        (_("Created"), f"{backup.created_at:%Y-%m-%d %H:%M:%S %Z}"),
        (_("Error"), f"{backup.error} ({backup.error_code})" if backup.error_code else ""),
        (_("Said"), backup.error_detail),
    ]
    width = max(len(name) for name, _value in facts)
    for name, value in facts:
        if value:
            out.write(f"{name:<{width}}  {value}")


def commands(backup: Backup, out: Any) -> None:
    """How to restore it without Holdfast."""
    if backup.manifest:
        out.write("\n" + _("Without Holdfast:"))
        for line in backup.manifest["restore"]["commands"]:
            out.write(f"  {line}")


def log(file: TrackedFile | None) -> None:
    """What was run and said, on standard error: secrets were removed where it was written."""
    if file is not None:
        for line in LogLine.objects.filter(file=file).order_by("id"):
            sys.stderr.write(f"{line.at:%H:%M:%S} {line.source}: {line.message}\n")


def table(backups: list[Backup], out: Any) -> None:
    rows = [(_("Created"), _("Database"), _("Status"), _("Integrity"), _("Size"), _("Id"))]
    rows += [
        (
            f"{backup.created_at:%Y-%m-%d %H:%M:%S}",
            backup.database.name,
            str(backup.get_status_display()),
            str(backup.get_validation_display()),
            units.size(backup.size_bytes),
            str(backup.pk),
        )
        for backup in backups
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        out.write("  ".join(padded).rstrip())


def rate(status: dict[str, Any]) -> str:
    """`12.1 MB of 40 MB, 8.2 MB/s, 3 s left`, as far as it is known."""
    parts = []
    if status["bytes_total"]:
        done, total = units.size(status["bytes_done"]), units.size(status["bytes_total"])
        parts.append(_("%(done)s of %(total)s") % {"done": done, "total": total})
    if status["rate"]:
        parts.append(units.rate(status["rate"]))
    if status["eta_seconds"] is not None:
        parts.append(_("%s left") % units.duration(status["eta_seconds"]))
    return ", ".join(parts)


def _size(backup: Backup) -> str:
    if backup.size_bytes is None:
        return ""
    sizes = {"stored": units.size(backup.size_bytes), "source": units.size(backup.source_bytes)}
    return _("%(stored)s of %(source)s") % sizes


def _copies(backup: Backup) -> str:
    """`vault, cellar (2 of 2 copies)`; with the state of what is lost."""
    count = count_copies(backup)
    names = [
        stored.target.name
        if stored.state == StoredObject.State.STORED
        else f"{stored.target.name}: {stored.get_state_display()}"
        for stored in backup.stored_objects.all()
    ]
    if count.wanted < 2:
        return ", ".join(names)
    said = _("%(whole)d of %(wanted)d copies") % {"whole": count.whole, "wanted": count.wanted}
    return f"{', '.join(names)} ({said})"
