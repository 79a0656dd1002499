"""A file of this machine, received as if it had been uploaded: for the command line."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from access.models import Company
from access.policy import Actor
from backups.errors import Missing
from backups.pipeline import BLOCK_BYTES
from restores.received.models import ReceivedFile
from restores.received.services import receive_file


def receive_path(path: str, *, company: Company, actor: Actor) -> ReceivedFile:
    """Raises Missing, or as `receive_file`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Missing(
            _("%(path)s cannot be read: %(said)s.") % {"path": path, "said": error.strerror}
        ) from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        return receive_file(
            company=company, actor=actor, name=Path(path).name, blocks=_blocks(file)
        )


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block
