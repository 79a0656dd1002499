"""The command line has the verbs of the API, with their answers and exit statuses."""

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access.models import Company, User
from backups.management.commands.backup import VERBS
from backups.models import Backup, BackupSchedule, Database
from storage.models import StorageTarget
from tests.cast import make_backup

pytestmark = pytest.mark.django_db


def run(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("backup", *words, stdout=out)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    raise AssertionError("the command always ends with a status")


def told(*words: str) -> Any:
    code, text = run(*words, "--json")
    assert code == 0, text
    return json.loads(text)


def test_a_backup_is_edited_and_deleted(database: Database, operator: User) -> None:
    old, new = make_backup(database), make_backup(database)
    assert told("edit", str(old.pk), "--label", "kept", "--pinned")["label"] == "kept"
    assert run("delete", str(old.pk))[0] == 4
    assert run("delete", str(new.pk), "--force")[0] == 4
    assert run("delete", str(old.pk), "--force", "--as", operator.username)[0] == 4
    assert told("delete", str(old.pk), "--force")["deleted"] is True
    assert run("delete", str(old.pk))[0] == 3
    assert run("edit", str(new.pk))[0] == 2
    assert list(Backup.objects.all()) == [new]


def test_databases(database: Database, tmp_path: Path) -> None:
    assert told("databases", "list")["count"] == 1
    secret = tmp_path / "password"
    secret.write_text("pa55word\n")
    words = ("name=billing", "host=h", "database_name=d", "username=u", "port=5433")
    made = told("databases", "create", *words, "--password-file", str(secret))
    assert (made["port"], made["has_password"]) == (5433, True)
    assert Database.objects.get(name="billing").password == "pa55word"
    assert told("databases", "change", "billing", "drill_every=7")["drill_every"] == 7
    assert run("databases", "create", "name=x", "password=y")[0] == 2
    assert run("databases", "change", "billing", "no_such=1")[0] == 2
    assert run("databases", "create", *words)[0] == 2
    assert run("databases", "show", "nothing")[0] == 3
    assert told("databases", "test", "orders") == {"ok": True}
    assert run("databases", "delete", "billing")[0] == 2
    assert told("databases", "delete", "billing", "--confirm", "billing")["deleted"] is True


def test_storages_and_schedules(
    database: Database, storage_target: StorageTarget, tmp_path: Path, viewer: User
) -> None:
    attic = told("storages", "create", "name=attic", f"folder={tmp_path}/attic")
    assert told("storages", "test", "attic") == {"ok": True}
    words = ("name=nightly", "database=orders", "cron=0 3 * * *", 'storages=["attic"]')
    made = told("schedules", "create", *words, 'retention={"last": 7}')
    assert made["storages"] == [{"id": attic["id"], "name": "attic"}]
    assert run("storages", "delete", "attic")[0] == 4
    assert told("schedules", "change", "nightly", "enabled=false")["enabled"] is False
    assert run("schedules", "create", *words, "--as", viewer.username)[0] == 4
    assert run("schedules", "change", "nightly", "cron=never")[0] == 2
    assert told("schedules", "delete", "nightly")["deleted"] is True
    assert not BackupSchedule.objects.exists()
    assert told("storages", "delete", attic["id"])["deleted"] is True
    assert run("storages", "show", "attic")[0] == 3


def test_a_bucket(company: Company, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the-secret\n")
    words = ("name=cloud", "kind=s3", "bucket=backups", "access_key=AKIA", "lock_days=30")
    assert run("storages", "create", *words, "secret_key=x")[0] == 2
    assert run("storages", "create", *words)[0] == 2
    again = ("--password-file", str(tmp_path / "secret"))
    made = told("storages", "create", *words, *again)
    assert (made["kind"], made["options"]["lock_days"]) == ("s3", 30)
    assert StorageTarget.objects.get().secret == "the-secret"
    assert "the-secret" not in str(told("storages", "show", "cloud"))
    assert run("storages", "change", "cloud", "access_key=OTHER")[0] == 2
    assert told("storages", "change", "cloud", "prefix=", "region=eu-west-1", *again)


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help(verb: str) -> None:
    from backups.management.commands.backup import verb_parser

    said = verb_parser(verb).format_help()
    assert "Exit status" in said
    assert "--json" in said
    assert "--verbose" in said


def test_the_completion_completes() -> None:
    code, text = run("completion", "bash")
    assert code == 0
    script = (
        text + 'COMP_WORDS=(manage.py backup del); COMP_CWORD=2; _holdfast; echo "${COMPREPLY[@]}";'
        'COMP_WORDS=(manage.py backup delete --f); COMP_CWORD=3; _holdfast; echo "${COMPREPLY[@]}"'
    )
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["delete", "--force"], (said.stdout, sys.version)


def test_a_cleanup_is_shown_and_done(database: Database) -> None:
    made = [make_backup(database, age=timedelta(days=day, hours=1)) for day in range(3)]
    told("databases", "change", "orders", 'retention={"last": 1}')
    shown = told("cleanup", "--dry-run")["results"][0]
    assert [one["id"] for one in shown["goes"]] == [str(one.pk) for one in made[1:]]
    assert "stays" in run("cleanup", "orders", "--dry-run")[1]
    assert Backup.objects.count() == 3
    assert len(told("cleanup", "orders")["results"][0]["removed"]) == 2
    assert Backup.objects.count() == 1
    assert run("cleanup", "--confirm")[0] == 2


def test_a_stopped_cleanup_is_refused_until_confirmed(database: Database) -> None:
    for day in range(6):
        make_backup(database, age=timedelta(days=400 + day))
    told("databases", "change", "orders", 'retention={"days": 30}')
    assert run("cleanup", "orders")[0] == 4
    assert Backup.objects.count() == 6
    assert run("cleanup", "orders", "--confirm")[0] == 0
    assert Backup.objects.count() == 1


def test_a_schedule_is_run(database: Database, storage_target: StorageTarget) -> None:
    told("schedules", "create", "name=nightly", "database=orders", "cron=0 3 * * *")
    made = told("schedules", "run", "nightly")
    assert Backup.objects.get(pk=made["id"]).schedule.name == "nightly"
    assert run("databases", "run", "orders")[0] == 2
