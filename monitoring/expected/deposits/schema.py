"""The report beside a deposited file, each value of it checked.

    {"job_id": 7, "file": "orders.dump.gz", "status": "SUCCESS",
     "backup_timestamp_utc": "2026-11-21T03:04:41Z", "backup_hash": "…", "backup_size_bytes": 10}

`database_name` (and `city`) may stand in place of `job_id`; a failed backup needs no file.
"""

from dataclasses import dataclass
from typing import Any

import orjson
from django.utils.translation import gettext as _

from monitoring.expected.arrivals import AHEAD, Arrival
from monitoring.expected.errors import BadField, ExpectedError
from monitoring.expected.fields import number, text
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.reports import read_report
from monitoring.expected.states import Source, Status
from monitoring.times.clock import database_now

_OWN = ("job_id", "database_name", "city", "file")
_job_id = number(1, 2**63 - 1, optional=True)


class NoJob(ExpectedError):
    """The report names no backup that is expected of this agent."""

    code = "no_job"


@dataclass(frozen=True)
class Report:
    """`file` is a plain name within the folder of files; None when there are no bytes."""

    job: ExpectedBackupJob
    arrival: Arrival
    file: str | None


def read_json(raw: bytes) -> dict[str, Any]:
    """Raises BadField."""
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadField("report", _("This is not JSON: %(said)s") % {"said": error}) from error
    if not isinstance(found, dict):
        raise BadField("report", _("A report is a JSON object."))
    return found


def job_of(said: dict[str, Any], *, agent: str) -> ExpectedBackupJob:
    """The agent's own job that the report speaks of. Raises NoJob."""
    rows = ExpectedBackupJob.objects.filter(agent_id_responsible=agent, is_active=True)
    try:
        job_id = _job_id("job_id", said.get("job_id"))
        if job_id is not None:
            rows = rows.filter(pk=job_id)
        else:
            rows = rows.filter(database_name=text(255)("database_name", said.get("database_name")))
        if said.get("city"):
            rows = rows.filter(city=text(100)("city", said["city"]))
    except BadField as error:
        raise NoJob(str(error)) from error
    found: list[ExpectedBackupJob] = list(rows.select_related("company")[:2])
    if len(found) != 1:
        raise NoJob(_("The report names no one backup that is expected of this agent."))
    return found[0]


def read_deposit(said: dict[str, Any], *, job: ExpectedBackupJob) -> Report:
    """Raises BadField."""
    arrival = read_report(
        {name: value for name, value in said.items() if name not in _OWN}, source=Source.DEPOSIT
    )
    file = text(255)("file", said.get("file")) or None
    if file is not None and (file.startswith(".") or "/" in file):
        raise BadField("file", _("file is a plain name within the folder databases."))
    if arrival.status == Status.SUCCESS and file is None:
        raise BadField("file", _("A report of a success names its file."))
    if arrival.at is None:
        raise BadField("backup_timestamp_utc", _("Say when the backup was made."))
    if arrival.at > database_now() + AHEAD:
        raise BadField("backup_timestamp_utc", _("This is in the future."))
    return Report(job=job, arrival=arrival, file=file)
