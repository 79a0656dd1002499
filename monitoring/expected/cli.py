"""The verbs of `manage.py expected`: each parses, calls one verb of the services, and prints."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor, require
from monitoring.expected.attention import acknowledge_job, snooze_job
from monitoring.expected.board import STANDINGS, choose, standing_of
from monitoring.expected.description import describe_job
from monitoring.expected.errors import BadField
from monitoring.expected.fields import FIELDS
from monitoring.expected.jobs import create_job, delete_job, rotate_ping_key, update_job
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.pings import Kind, ping
from monitoring.expected.reports import REPORTABLE, report_backup
from monitoring.expected.selectors import EntryFilters, entry_for, job_for, list_entries
from monitoring.expected.transfer import (
    COLUMNS,
    export_jobs,
    import_jobs,
    read_list,
    typed_cells,
)
from monitoring.times.clock import database_now

VIEW = "monitoring.view_expectedbackupjob"


@dataclass(frozen=True)
class Verb:
    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Actor, Any], None]


def _say(out: Any, options: argparse.Namespace, found: Any, text: str) -> None:
    if options.json:
        text = orjson.dumps(found, option=orjson.OPT_INDENT_2).decode()
    out.write(text)


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", choices=STANDINGS, default="", help="only those")
    parser.add_argument("--search", default="", help="a part of company, city, database, agent")
    parser.add_argument("--limit", type=int, default=100)


def _list(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    require(actor, VIEW)
    now = database_now()
    rows = choose(actor=actor, now=now, standing=options.state, search=options.search)
    jobs = list(rows[: max(1, options.limit)])
    lines = [
        f"{job.pk:>8}  {standing_of(job, now):<8}  {job.company.name} · {job.city} · "
        f"{job.database_name} ({job.agent_id_responsible})"
        for job in jobs
    ]
    text = "\n".join(lines) or _("No backup is expected. Import a list: manage.py expected import")
    _say(out, options, [describe_job(job) for job in jobs], text)


def _id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=int, help="as `expected list` shows it")


def _show(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    _print_job(options, job_for(actor=actor, job_id=options.id), out)


def _print_job(options: argparse.Namespace, job: ExpectedBackupJob, out: Any) -> None:
    found = describe_job(job, ping_url=f"/ping/{job.ping_key}")
    text = "\n".join(f"{name}: {value}" for name, value in found.items() if value not in (None, []))
    _say(out, options, found, text)


def _values(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("values", nargs="+", metavar="FIELD=VALUE", help="as in the API")


def _read_values(texts: list[str]) -> dict[str, Any]:
    """An empty value takes what was set away again."""
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name not in COLUMNS:
            raise BadField(name[:60], _("Give FIELD=VALUE, a field of the API."))
        pairs[name] = value
    new = ExpectedBackupJob()
    empty = {
        name: getattr(new, name) for name, value in pairs.items() if not value and name in FIELDS
    }
    return {**empty, **typed_cells(pairs)}


def _create(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    _print_job(options, create_job(actor=actor, **_read_values(options.values)), out)


def _edit_arguments(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    _values(parser)


def _edit(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    job = job_for(actor=actor, job_id=options.id)
    _print_job(options, update_job(job=job, actor=actor, **_read_values(options.values)), out)


def _delete(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    delete_job(job=job_for(actor=actor, job_id=options.id), actor=actor)
    _say(out, options, {"deleted": options.id}, _("It is expected no longer."))


def _rotate(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    job = job_for(actor=actor, job_id=options.id)
    _print_job(options, rotate_ping_key(job=job, actor=actor), out)


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", help="CSV or JSON; - for the standard input")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would be")


def _import(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    read = sys.stdin.buffer.read() if options.file == "-" else Path(options.file).read_bytes()
    found = import_jobs(actor=actor, body=read_list(read), dry_run=options.dry_run)
    words = _("%(created)d created, %(changed)d changed, %(unchanged)d as they were.")
    said = words % vars(found)
    if found.dry_run:
        said = f"{said} {_('This was a dry run: nothing was written.')}"
    _say(out, options, vars(found), said)


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--form", choices=["csv", "json"], default="csv")


def _export(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    require(actor, VIEW)
    rows = choose(actor=actor, now=database_now())
    out.write(export_jobs(rows, "json" if options.json else options.form), ending="")


def _entries_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--job", type=int)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--cursor", help="go on from here: `next` or `previous` of the page before")


def _entries(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    require(actor, "monitoring.view_backupentry")
    page = list_entries(
        actor=actor,
        filters=EntryFilters(job=options.job),
        cursor=options.cursor,
        limit=options.limit,
    )
    results = [orjson.loads(text) for text in page.results]
    lines = [
        f"{row['id']:>10}  {row['expected_at']}  {row['status']:<26}"
        f"{row['source']:<8}  {(row['error_message'] or '').splitlines()[:1]}"
        for row in results
    ]
    found = {"results": results, "next": page.next, "previous": page.previous}
    _say(out, options, found, "\n".join(lines) or _("Nothing has arrived yet."))


def _report_arguments(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    parser.add_argument("status", choices=[str(one) for one in REPORTABLE])
    parser.add_argument("--at", help="when it was made, as 2026-11-21T03:00:00Z")
    parser.add_argument("--hash")
    parser.add_argument("--size", type=int)
    parser.add_argument("--message")


def _report(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    made = report_backup(
        job=job_for(actor=actor, job_id=options.id),
        actor=actor,
        status=options.status,
        backup_timestamp_utc=options.at,
        backup_hash=options.hash,
        backup_size_bytes=options.size,
        error_message=options.message,
    )
    found = orjson.loads(entry_for(actor=actor, entry_id=made.pk))
    _say(out, options, found, f"{made.pk}: {made.status}")


def _ping_arguments(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    parser.add_argument("kind", nargs="?", choices=[str(one) for one in Kind], default="success")
    parser.add_argument("--exit-status", type=int, choices=range(256), metavar="0-255")


def _ping(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    job = job_for(actor=actor, job_id=options.id)
    require(actor, "monitoring.add_backupentry", job.company)
    ping(key=job.ping_key, kind=Kind(options.kind), exit_status=options.exit_status)
    _say(out, options, {"ping": options.kind}, _("Written."))


def _acknowledge(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    job = acknowledge_job(job=job_for(actor=actor, job_id=options.id), actor=actor)
    _print_job(options, job, out)


def _snooze_arguments(parser: argparse.ArgumentParser) -> None:
    _id(parser)
    parser.add_argument("hours", type=int, help="0: tell of it again")


def _snooze(options: argparse.Namespace, actor: Actor, out: Any) -> None:
    job = job_for(actor=actor, job_id=options.id)
    _print_job(options, snooze_job(job=job, actor=actor, hours=options.hours), out)


VERBS: dict[str, Verb] = {
    "list": Verb("list what is expected", _list_arguments, _list),
    "show": Verb("show one", _id, _show),
    "create": Verb("expect a backup", _values, _create),
    "edit": Verb("change one", _edit_arguments, _edit),
    "delete": Verb("expect one no longer", _id, _delete),
    "rotate": Verb("give it another ping address", _id, _rotate),
    "import": Verb("take a list as CSV or JSON", _import_arguments, _import),
    "export": Verb("write the list", _export_arguments, _export),
    "entries": Verb("list what arrived, newest first", _entries_arguments, _entries),
    "report": Verb("report a backup", _report_arguments, _report),
    "ping": Verb("say that it ran", _ping_arguments, _ping),
    "acknowledge": Verb("say that somebody looks after it and its alerts", _id, _acknowledge),
    "snooze": Verb(
        "tell nothing of it, nor of its alerts, for some hours", _snooze_arguments, _snooze
    ),
}
