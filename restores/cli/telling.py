"""What a verb says of one restore at its end, and the exit status that goes with it."""

import argparse
from typing import Any

import orjson
from django.utils.translation import gettext as _

from backups.cli.exits import DONE, FAILED
from restores.description import describe
from restores.models import Restore


def tell(restore: Restore, options: argparse.Namespace, out: Any) -> int:
    if options.json:
        out.write(orjson.dumps(describe(restore), option=orjson.OPT_INDENT_2).decode())
    else:
        said = restore.error or restore.errand_error or restore.get_status_display()
        out.write(f"{restore.target_name}: {said}")
        if restore.kept_id is not None:
            kept = {"name": restore.kept_name, "until": restore.kept_until}
            out.write(_("kept as %(name)s until %(until)s") % kept)
    return FAILED if restore.status in (Restore.Status.FAILED, Restore.Status.CANCELLED) else DONE
