"""`backup rescan STORAGE`: what lies at a storage and is not known becomes known again."""

import argparse
from collections.abc import Callable
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.checks.requesting import request_check
from backups.cli.exits import DONE, VALIDATION_FAILED
from backups.description import describe
from backups.errors import BadOption
from backups.rescan.findings import Finding, Outcome, Report
from backups.rescan.importing import import_dump
from backups.rescan.manifests import shown
from backups.rescan.services import rescan
from backups.selectors import database_for
from storage.models import StorageTarget
from storage.selectors import target_named

HELP = "rebuild the registry of a storage from its manifests"
QUIET = (Outcome.KNOWN, Outcome.AT_WORK)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("storage", help="its name or id")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")
    parser.add_argument(
        "--resurrect", action="store_true", help="also what was deleted here and lies there"
    )
    parser.add_argument(
        "--import",
        dest="file",
        metavar="KEY",
        help="not that: import this dump, named as the rescan names it, for --database",
    )
    parser.add_argument("--database", metavar="NAME", help="whose dump it is; by name or id")
    parser.add_argument("--check", action="store_true", help="queue a check of each one found")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    """Conflicts end with a status of their own, for scripts; what was found is adopted anyway."""
    target = target_named(actor=actor, ref=options.storage)
    if options.file or options.database:
        return _import(target, options, actor, out)
    report = rescan(
        target=target,
        actor=actor,
        dry_run=options.dry_run,
        resurrect=options.resurrect,
        check=options.check,
        on_finding=_teller(options, out),
    )
    if options.json:
        out.write(orjson.dumps(report.described(), option=orjson.OPT_INDENT_2).decode())
    else:
        for line in summary(report):
            out.write(line)
    return VALIDATION_FAILED if report.counts[Outcome.CONFLICT] else DONE


def _import(target: StorageTarget, options: argparse.Namespace, actor: Actor, out: Any) -> int:
    if not (options.file and options.database):
        raise BadOption("import", _("Give both --import and --database."))
    database = database_for(actor=actor, ref=options.database)
    made = import_dump(target=target, key=options.file, database=database, actor=actor)
    if options.check:
        request_check(backup=made, actor=actor)
    if options.json:
        out.write(orjson.dumps(describe(made), option=orjson.OPT_INDENT_2).decode())
    else:
        out.write(_("%(name)s is imported, unchecked: %(id)s") % {"name": made, "id": made.pk})
    return DONE


def summary(report: Report) -> list[str]:
    """What was found in all, for a person."""
    lines = [
        f"{outcome.label}: {report.counts[outcome]}"
        for outcome in Outcome
        if report.counts[outcome]
    ]
    if report.databases:
        said = _("Databases without a password, to be looked at: %s")
        lines.append(said % ", ".join(report.databases))
    if report.checks:
        lines.append(_("Checks queued: %d") % report.checks)
    if not report.has_news:
        lines.append(_("Nothing to do."))
    elif report.dry_run:
        lines.append(_("Nothing was changed: this was a dry run."))
    return lines


def _teller(options: argparse.Namespace, out: Any) -> Callable[[Finding], None]:
    def tell(finding: Finding) -> None:
        if options.json or (finding.outcome in QUIET and not options.verbose):
            return
        said = f": {finding.said}" if finding.said else ""
        out.write(f"{finding.outcome.value:<12}{shown(finding.key)}{said}")

    return tell
