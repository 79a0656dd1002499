"""Whether a file that is said to be a backup can be one. Its content `backups` checks."""

from pathlib import Path

from django.utils.translation import gettext as _

from uploads.content.videos import HEAD_BYTES, content_type_of
from uploads.errors import WrongContent


def check_dump(path: Path) -> None:
    """Any kind of backup may come, also of databases that nobody here knows; a video is none.

    Raises WrongContent.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if content_type_of(head) is not None:
        raise WrongContent(_("This is a video, and no backup."))
