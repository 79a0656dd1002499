"""`manage.py expected`: the verbs of the API, with exit statuses."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access.models import Company, User
from monitoring.expected.models import BackupEntry, ExpectedBackupJob

pytestmark = pytest.mark.django_db
FIELDS = [
    *("company_name=Acme", "city=Porto", "database_name=orders", "agent_id_responsible=till"),
    *("backup_frequency=weekly", "days_of_week=mon thu", "local_time=02:30"),
    "timezone=Europe/Lisbon",
]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("expected", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def told(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json"))


def test_the_whole_way(company: Company, tmp_path: Path) -> None:
    job = told("create", *FIELDS)
    assert (job["days_of_week"], job["local_time"]) == ([0, 3], "02:30")
    number = str(job["id"])
    assert "orders" in run("list")
    assert told("edit", number, "grace_minutes=5", "timezone=UTC")["grace_minutes"] == 5
    assert told("show", number)["ping_url"].startswith("/ping/")
    sheet = tmp_path / "jobs.csv"
    sheet.write_text(run("export"))
    assert told("import", str(sheet), "--dry-run")["unchanged"] == 1
    sheet.write_text(run("export", "--json").replace("Porto", "Faro"))
    assert told("import", str(sheet))["created"] == 1
    run("ping", number, "--exit-status", "3")
    assert BackupEntry.objects.get().status == "FAILED"
    assert told("report", number, "SUCCESS", "--size", "10")["status"] == "SUCCESS"
    assert told("entries", "--job", number)["results"][0]["backup_size_bytes"] == 10
    assert told("acknowledge", number)["acknowledged_at"]
    assert told("snooze", number, "2")["snoozed_until"]
    run("delete", number)
    assert ExpectedBackupJob.objects.count() == 1


def test_what_cannot_be(company: Company, viewer: User, tmp_path: Path) -> None:
    for arguments, code in (
        (["show", "7"], 3),
        (["list", "--as", "nobody"], 3),
        (["create", *FIELDS, "--as", viewer.username], 4),
        (["create", *FIELDS[:4]], 2),
        (["create", "colour=red"], 2),
        (["import", str(tmp_path / "none.csv")], 1),
    ):
        with pytest.raises(CommandError) as found:
            run(*arguments)
        assert found.value.returncode == code, arguments
    sheet = tmp_path / "bad.csv"
    sheet.write_text("company_name,city\nAcme,Porto\n")
    with pytest.raises(CommandError, match="bad_lines"):
        run("import", str(sheet))
