"""The gate of one restore's pages."""

from django.http import Http404

from access.models import User
from backups.errors import NotFound
from restores.models import Restore
from restores.selectors import restore_for


def visible_restore(user: User, restore_id: str) -> Restore:
    """Answers 404 alike for a missing restore and one that the person may not see."""
    try:
        return restore_for(actor=user, restore_id=restore_id)
    except NotFound as error:
        raise Http404(str(error)) from error
