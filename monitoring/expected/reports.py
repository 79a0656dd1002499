"""A report without bytes: an agent, or a person, says what became of a backup."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from access.models import User
from access.policy import Actor, require
from monitoring.expected.arrivals import LONGEST_MESSAGE, Arrival, record_entry
from monitoring.expected.errors import BadField, NotResponsible
from monitoring.expected.fields import moment, number, text
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.states import Source, Status

REPORT = "monitoring.add_backupentry"
REPORTABLE = (
    Status.SUCCESS,
    Status.FAILED,
    Status.TRANSFER_INTEGRITY_FAILED,
    Status.HASH_MISMATCH,
)
FIELDS = (*("status", "backup_timestamp_utc", "backup_hash", "backup_size_bytes", "error_message"),)
LARGEST_SIZE = 2**63 - 1
_HASH = re.compile(r"(?:sha256:)?([0-9A-Fa-f]{32,128})")


def report_backup(
    *, job: ExpectedBackupJob, actor: Actor, source: str = Source.REPORT, **said: Any
) -> BackupEntry:
    """Record it. Raises NotAllowed, NotResponsible, NotFound or BadField."""
    require(actor, REPORT, job.company)
    if isinstance(actor, User) and actor.kind == User.Kind.AGENT:
        agent = getattr(actor, "agent", None)
        if agent is None or agent.agent_id != job.agent_id_responsible:
            raise NotResponsible(_("An agent reports for its own backups."))
    arrival = read_report(said, source=source)
    return record_entry(job_id=job.pk, arrival=arrival)


def read_report(said: Mapping[str, Any], *, source: str) -> Arrival:
    """The report, each value of it checked. Raises BadField."""
    unknown = [name for name in said if name not in FIELDS]
    if unknown:
        shown = str(unknown[0])[:60].encode(errors="replace").decode()
        raise BadField(shown, _("There is no field named %(name)s.") % {"name": shown})
    status = said.get("status")
    if status not in REPORTABLE:
        words = _("%(option)s is one of %(known)s.")
        raise BadField("status", words % {"option": "status", "known": ", ".join(REPORTABLE)})
    size = number(0, LARGEST_SIZE, optional=True)
    return Arrival(
        status=str(status),
        source=source,
        at=moment("backup_timestamp_utc", said.get("backup_timestamp_utc")),
        hash=read_hash(said.get("backup_hash")),
        size=size("backup_size_bytes", said.get("backup_size_bytes")),
        message=text(LONGEST_MESSAGE)("error_message", said.get("error_message")),
    )


def read_hash(value: Any) -> str | None:
    """A hash in hexadecimal digits, in small letters."""
    if value is None or value == "":
        return None
    found = _HASH.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadField("backup_hash", _("A hash is written in hexadecimal digits, as of sha256."))
    return found[1].lower()
