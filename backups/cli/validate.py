"""`backup validate ID`: check stored bytes again, and stay until it is over."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.checks.requesting import request_check
from backups.cli import show
from backups.cli.exits import DONE, FAILED, VALIDATION_FAILED
from backups.cli.following import follow_file
from backups.description import describe_check
from backups.errors import AlreadyRunning, BadOption
from backups.models import Backup, Check, LevelResult
from backups.selectors import backup_for

HELP = "check the stored bytes again, or restore and compare them"
PASSED = (Backup.Validation.GOOD, Backup.Validation.PROVEN, Backup.Validation.PARTIAL)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", help="the backup's id")
    parser.add_argument("--all", action="store_true", help="every completed backup, one by one")
    parser.add_argument(
        "--level",
        choices=LevelResult.Level.values,
        default=LevelResult.Level.CONTENT,
        help="checksum; content (default): read to the end; restore: a restore drill",
    )
    parser.add_argument(
        "--wait",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="stay until it is over (default)",
    )


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    checks = []
    for backup in _chosen(options, actor):
        try:
            check = request_check(backup=backup, actor=actor, level=options.level)
        except AlreadyRunning:
            if not options.all:
                raise
            continue
        if options.wait:
            follow_file(check, quiet=options.json)
        if options.verbose:
            show.log(check.file)
        checks.append(check)
        if not options.json:
            out.write(_line(check))
    if options.json:
        found = [describe_check(check) for check in checks]
        answer: Any = {"results": found} if options.all else found[0]
        out.write(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())
    return max(map(_code, checks), default=DONE) if options.wait else DONE


def _chosen(options: argparse.Namespace, actor: Actor) -> list[Backup]:
    if options.all == bool(options.id):
        raise BadOption("id", _("Give one backup's id, or --all."))
    if options.id:
        return [backup_for(actor=actor, backup_id=options.id)]
    completed = Backup.objects.visible_to(actor).filter(status=Backup.Status.COMPLETED)
    return list(completed.select_related("database", "company").order_by("created_at"))


def _line(check: Check) -> str:
    said = check.detail or check.error or check.get_status_display()
    outcome = check.get_outcome_display() or check.get_status_display()
    return f"{check.backup}: {outcome}. {said}"


def _code(check: Check) -> int:
    if check.outcome in PASSED:
        return DONE
    return VALIDATION_FAILED if check.outcome else FAILED
