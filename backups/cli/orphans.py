"""`backup orphans [STORAGE]`: files that belong to nothing, and when they go."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from access.policy import Actor, require
from backups.cli.exits import DONE
from backups.errors import BadOption
from backups.rescan.manifests import shown
from backups.upkeep.description import describe_orphans
from backups.upkeep.orphans import look_now
from look import units
from storage.models import StorageTarget
from storage.selectors import list_targets, target_named

HELP = "files at a storage that belong to nothing: those in quarantine, and when they go"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("storage", nargs="?", help="its name or id; all of them without it")
    parser.add_argument("--look", action="store_true", help="look through the storage now")
    parser.add_argument(
        "--dry-run", action="store_true", help="with --look: write nothing, remove nothing"
    )


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    if options.dry_run and not options.look:
        raise BadOption("dry-run", _("Without --look nothing is changed anyway."))
    if options.storage:
        targets = [target_named(actor=actor, ref=options.storage)]
    else:
        targets = list(list_targets(actor=actor))
    found = [_one(target, options, actor) for target in targets]
    if options.json:
        out.write(orjson.dumps({"results": found}, option=orjson.OPT_INDENT_2).decode())
    else:
        for one in found:
            _show(one, out)
    return DONE


def _one(target: StorageTarget, options: argparse.Namespace, actor: Actor) -> dict[str, Any]:
    require(actor, "storage.view_orphan", target.company)
    walk = look_now(target=target, actor=actor, dry_run=options.dry_run) if options.look else None
    return describe_orphans(target, walk)


def _show(found: dict[str, Any], out: Any) -> None:
    looked = found["looked"]
    out.write(_("%(name)s: %(count)d in quarantine") % {**found["storage"], **found})
    if looked:
        words = _("  found now: %(found)d (%(size)s), removed: %(removed)d")
        out.write(words % {**looked, "size": units.size(looked["bytes"])})
    for one in found["results"]:
        words = _("  %(key)s  %(size)s  since %(since)s, goes after %(goes)s")
        facts = {"since": one["first_seen_at"][:10], "goes": one["goes_at"][:10]}
        out.write(words % {"key": shown(one["key"]), "size": units.size(one["size"]), **facts})
