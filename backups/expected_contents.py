"""What was deposited is read as a file from elsewhere is: to its end, before it counts."""

from django.utils.translation import gettext as _

from backups.foreign_files import Reading, judge
from monitoring.expected.contents.asking import NotNow, Verdict
from storage.errors import StorageError
from storage.models import StoredObject
from storage.services import open_object


def read_content(stored: StoredObject) -> Verdict:
    """A tar is read, and not unpacked: there is no place for it here. Raises NotNow."""
    try:
        found = judge(Reading(lambda: open_object(target=stored.target, key=stored.key)))
    except (StorageError, OSError) as error:
        # Away, full, or at another machine: of the bytes that says nothing.
        raise NotNow(str(error)) from error
    if not found.passed:
        return Verdict(found.passed, found.detail)
    if found.sha256 != stored.sha256:
        return Verdict(False, _("The stored bytes are not those that arrived."))
    return Verdict(True)
