"""`restore cancel|approve|confirm|undo|show ID`, and `restore list`."""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from access.policy import Actor
from backups.cli.exits import DONE, FAILED
from restores.cli.telling import tell
from restores.description import describe
from restores.kept.asking import confirm_restore, undo_restore
from restores.kept.errands import run_errand
from restores.models import Restore
from restores.replacing.approval import approve_restore
from restores.requesting import cancel_restore
from restores.selectors import list_restores, restore_for

POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Act:
    """One verb on one restore."""

    HELP: str
    verb: Callable[..., None] | None = None
    errand: bool = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("restore", help="its id")

    def handle(self, options: argparse.Namespace, actor: Actor, out: Any) -> int:
        restore = restore_for(actor=actor, restore_id=options.restore)
        if self.verb is not None:
            self.verb(restore=restore, actor=actor)
        if self.errand:
            # Here and now: at night perhaps no worker is alive.
            run_errand(restore_id=restore.pk)
            while (
                Restore.objects.filter(pk=restore.pk, errand_error="").exclude(errand="").exists()
            ):
                time.sleep(POLL_SECONDS)
        found = restore_for(actor=actor, restore_id=options.restore)
        code = tell(found, options, out)
        if self.errand:
            return FAILED if found.errand or found.errand_error else DONE
        return code if self.verb is None else DONE


class Listing:
    HELP = "list restores, the newest first"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--status", choices=Restore.Status.values, default="")
        parser.add_argument("--limit", type=int, default=20)

    def handle(self, options: argparse.Namespace, actor: Actor, out: Any) -> int:
        limit = max(1, min(options.limit, 200))
        found = list_restores(actor=actor, status=options.status, limit=limit).results
        if options.json:
            rows = [describe(restore) for restore in found]
            out.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
            return DONE
        for restore in found:
            out.write(f"{restore.pk}  {restore.status:<17}  {restore.mode:<7}  {restore}")
        return DONE


show = Act("what is known of one")
cancel = Act("end one that waits or runs, or reject its approval", cancel_restore)
approve = Act("let the replacement of a protected database begin", approve_restore)
confirm = Act("drop the database that was kept", confirm_restore, errand=True)
undo = Act("give the name back to the database that had it", undo_restore, errand=True)
listing = Listing()
