"""The final path of what arrives for a job, by its template: for deposits and uploads alike."""

from datetime import datetime

from monitoring.expected.models import ExpectedBackupJob
from storage.path_templates import fill_template

DEFAULT_TEMPLATE = "{company_name}/{city}/{database_name}/{timestamp}.{ext}"
_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M"}


def final_key(job: ExpectedBackupJob, *, at: datetime, name: str, status: str) -> str:
    """`at` in UTC; of the file's `name` the ending alone becomes a part of it. Raises BadKey."""
    values = {
        "company_name": job.company.name,
        "city": job.city,
        "database_name": job.database_name,
        "agent_id": job.agent_id_responsible,
        "timestamp": f"{at:%Y%m%dT%H%M%SZ}",
        "status": status,
        "ext": name.partition(".")[2] or "bin",
        **{part: f"{at:{form}}" for part, form in _PARTS.items()},
    }
    return fill_template(job.final_storage_path_template or DEFAULT_TEMPLATE, values)
