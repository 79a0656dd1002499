"""Where a restore's bytes come from, on the command line: a backup, or a file from elsewhere."""

import argparse

from django.utils.translation import gettext as _

from access.policy import Actor
from backups.errors import BadOption
from backups.models import Backup, Database
from backups.selectors import backup_for, database_for
from restores.origins import FromOutside
from restores.outside import file_from_outside
from restores.received.local import receive_path


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", nargs="?", help="the backup's id; or name a file")
    parser.add_argument("name", help="the database's name: a new one, or the one to replace")
    parser.add_argument("--server", help="the database whose server it goes to (default: own)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--upload", metavar="ID", help="a file that was received before")
    source.add_argument("--file", help="a file of this machine, received first")
    source.add_argument("--path", help="a file under a folder of HOLDFAST_RESTORE_ROOTS")
    parser.add_argument(
        "--accept-plain-sql", action="store_true", help="let a file of plain SQL run"
    )
    parser.add_argument(
        "--accept-extensions",
        action="store_true",
        help="let the connection's user make the extensions of a file from elsewhere",
    )


def source_of(
    options: argparse.Namespace, actor: Actor
) -> tuple[Backup | None, FromOutside | None, Database]:
    """The backup or the file, and whose server it goes to. Raises BackupError."""
    named = [options.backup, options.upload, options.file, options.path]
    if sum(one is not None for one in named) != 1:
        raise BadOption("backup", _("Name one of a backup, --upload, --file and --path."))
    if options.backup:
        backup = backup_for(actor=actor, backup_id=options.backup)
        given = options.server
        server = database_for(actor=actor, ref=given) if given else backup.database
        return backup, None, server
    if not options.server:
        raise BadOption("server", _("Say with --server to whose server it goes."))
    server = database_for(actor=actor, ref=options.server)
    upload = options.upload or ""
    if options.file:
        upload = str(receive_path(options.file, company=server.company, actor=actor).pk)
    outside = file_from_outside(
        actor=actor,
        company=server.company,
        upload=upload,
        path=options.path or "",
        accept_plain_sql=options.accept_plain_sql,
        accept_extensions=options.accept_extensions,
    )
    return None, outside, server
