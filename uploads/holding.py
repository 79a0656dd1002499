"""A session's row: held for a change, moved from state to state, open for bytes or not."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from monitoring.files.models import TrackedFile
from uploads.errors import Gone, NoSession, Over
from uploads.models import UploadSession
from uploads.states import Status, before


def move(held: UploadSession, to: Status, **values: Any) -> None:
    """The only way from one state to another. Raises Over when the table knows no such move."""
    rows = UploadSession.objects.filter(pk=held.pk, status__in=before(to))
    if not rows.update(status=to, **values):
        raise Over(_("This upload is over, or being stored."))
    held.refresh_from_db()


def require_receiving(session: UploadSession) -> None:
    """Raises Gone or Over unless bytes may come."""
    if session.status == Status.EXPIRED:
        raise Gone(_("This session has expired; open a new one."))
    if not session.is_receiving:
        raise Over(
            _("This upload is over, or being stored."),
            session_status=session.status,
            file_id=str(session.result_id) if session.status != Status.FAILED else None,
        )


def kept_for() -> timedelta:
    hours: int = settings.ENVIRONMENT.uploads_kept_hours
    return timedelta(hours=hours)


def hold_session(session: UploadSession) -> UploadSession:
    """The row, locked behind its file's: endings take them in this order. Raises NoSession."""
    files = TrackedFile.objects.select_for_update(of=("self",))
    list(files.filter(pk=session.file_id))
    rows = UploadSession.objects.select_for_update(of=("self",)).select_related("company", "file")
    found: UploadSession | None = rows.filter(pk=session.pk).first()
    if found is None:
        raise NoSession(_("There is no such upload."))
    return found
