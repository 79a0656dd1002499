"""`backup download ID`: the artifact as it is stored, to a file or to standard output."""

import argparse
import hashlib
import os
import secrets
import sys
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from tqdm import tqdm

from access.policy import Actor
from backups.cli.exits import DONE
from backups.downloads import Download, prepare_download
from backups.errors import BackupError, BadOption, Corrupt
from backups.selectors import backup_for
from storage.errors import storage_error

HELP = "fetch a backup's file"


class CannotWrite(BackupError):
    code = "cannot_write"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", help="the backup's id")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where to (default: its own name here; -: stdout)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE")


def handle(options: argparse.Namespace, actor: Actor, out: Any) -> int:
    backup = backup_for(actor=actor, backup_id=options.id)
    download = prepare_download(backup=backup, actor=actor)
    if options.output == "-":
        _copy(download, sys.stdout.buffer)
        return DONE
    path = Path(options.output or download.file_name)
    if path.is_dir():
        path /= download.file_name
    try:
        _write(download, path, overwrite=options.overwrite)
    except OSError as error:
        raise CannotWrite(f"{path}: {storage_error(error)}") from error
    if options.json:
        out.write(f'{{"sha256": "{download.sha256}", "size_bytes": {download.size}}}')
    else:
        out.write(
            _("%(path)s, %(size)d bytes, sha256 %(sha256)s")
            % {
                "path": path,
                "size": download.size,
                "sha256": download.sha256,
            }
        )
    return DONE


def _write(download: Download, path: Path, *, overwrite: bool) -> None:
    """Beside first, then under the name: a cut download never looks whole."""
    if path.exists() and not overwrite:
        raise BadOption("output", _("%s exists already; use --overwrite.") % path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _copy(download, file)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            draft.replace(path)
        else:
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _copy(download: Download, output: BinaryIO) -> None:
    digest = hashlib.sha256()
    hidden = not sys.stderr.isatty()
    with tqdm(total=download.size, unit="B", unit_scale=True, disable=hidden) as bar:
        for block in download.blocks():
            output.write(block)
            digest.update(block)
            bar.update(len(block))
    if digest.hexdigest() != download.sha256:
        raise Corrupt(_("The file that was read is not the one that was stored."))
