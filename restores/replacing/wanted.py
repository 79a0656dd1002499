"""Wanting a database replaced: what is asked of who asks, and what is told beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from backups.engines import PreflightCheck
from backups.errors import BadOption
from backups.models import Database

LONGEST_KEEPING = 3650


@dataclass(frozen=True)
class Replacement:
    """`confirm` is the target's name, typed. Days are counted from the swap."""

    confirm: str
    safety_backup: bool = True
    keep_old_days: int = 7

    def check(self, name: str) -> None:
        """Raises BadOption."""
        if self.confirm != name:
            raise BadOption("confirm", _("confirm has to be the name of the database to replace."))
        if not 1 <= self.keep_old_days <= LONGEST_KEEPING:
            raise BadOption("keep_old_days", _("keep_old_days is a number from 1 to 3650."))


def registered_target(server: Database, name: str) -> Database | None:
    """The database here that the target is; a protected one before all others."""
    rows = Database.objects.filter(
        company=server.company_id, host=server.host, port=server.port, database_name=name
    )
    found: Database | None = rows.order_by("-protected", "created_at").first()
    return found


def look_at_replacement(
    *,
    server: Database,
    name: str,
    replacement: Replacement,
    is_part: bool,
    may_protected: bool,
) -> Iterator[PreflightCheck]:
    """What the server itself cannot tell; the rest is the engine's preflight."""
    if is_part:
        said = _("A part cannot take the place of a whole database: restore it as a new one.")
        yield PreflightCheck("part", "blocking", said)
    target = registered_target(server, name)
    if target is not None and target.protected:
        if may_protected:
            said = _("It is protected: another administrator has to approve, within 24 hours.")
            yield PreflightCheck("protected", "warning", said)
        else:
            said = _("It is protected: only an administrator may ask for its replacement.")
            yield PreflightCheck("protected", "blocking", said)
    if not replacement.safety_backup:
        said = _("No backup of it is made before; what is in it is only kept beside.")
        yield PreflightCheck("safety_backup", "warning", said)
    elif target is None:
        said = _("It is not registered here, so no safety backup can be made. Register it first.")
        yield PreflightCheck("safety_backup", "blocking", said)
    else:
        said = _("A backup of it is made and checked first.")
        yield PreflightCheck("safety_backup", "ok", said)
