"""`restore create BACKUP NAME`: as a new database, or with `--replace` in place of one."""

import argparse
from dataclasses import asdict
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor
from backups.cli.exits import DONE, REFUSED
from backups.cli.following import follow_file
from backups.engines import PreflightCheck
from backups.errors import BadOption
from restores.cli.options import add_option_arguments, given_options
from restores.cli.source import add_source_arguments, source_of
from restores.cli.telling import tell
from restores.replacing.wanted import Replacement
from restores.requesting import Wish, look_first, request_restore
from restores.selectors import restore_for

HELP = "restore a backup, and stay until it is there"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_source_arguments(parser)
    parser.add_argument("--replace", action="store_true", help="in place of the one that is there")
    parser.add_argument("--confirm", metavar="NAME", help="with --replace: its name, typed again")
    parser.add_argument(
        "--no-safety-backup",
        dest="safety_backup",
        action="store_false",
        help="with --replace: make no backup of it first",
    )
    parser.add_argument("--keep-old-days", type=int, default=7, help="with --replace: default 7")
    add_option_arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="only look, touch nothing")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="only queue it")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    wish = _wish(options, actor)
    if options.dry_run:
        checks = look_first(wish=wish, actor=actor)
        show_checks(checks, options, out)
        return REFUSED if any(check.level == "blocking" for check in checks) else DONE
    restore = request_restore(wish=wish, actor=actor)
    if options.wait:
        follow_file(restore, quiet=options.json)
    return tell(restore_for(actor=actor, restore_id=restore.pk), options, out)


def show_checks(checks: list[PreflightCheck], options: argparse.Namespace, out: Any) -> None:
    if options.json:
        out.write(orjson.dumps({"preflight": [asdict(check) for check in checks]}).decode())
        return
    words = {"ok": _("ok"), "warning": _("warn"), "blocking": _("BAD")}
    for check in checks:
        out.write(f"{words[check.level]:>4}  {check.code}: {check.message}")


def _wish(options: argparse.Namespace, actor: Actor) -> Wish:
    if options.confirm is not None and not options.replace:
        raise BadOption("confirm", _("--confirm belongs to --replace."))
    backup, outside, server = source_of(options, actor)
    return Wish(
        backup=backup,
        outside=outside,
        server=server,
        name=options.name,
        options=given_options(vars(options)),
        replacement=Replacement(
            confirm=options.confirm or "",
            safety_backup=options.safety_backup,
            keep_old_days=options.keep_old_days,
        )
        if options.replace
        else None,
    )
