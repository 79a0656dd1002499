"""What comes in: at work, waiting, done, failed; a failed one can be stored again."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from access.policy import NotAllowed
from backups.errors import BackupError
from backups.pages.check_course import CountedCourse, counted_course
from backups.pages.permitted import must_have, person
from uploads.ending import end_session
from uploads.errors import NoSession
from uploads.models import UploadSession
from uploads.overview import FILTERS, Counts, count_uploads, list_senders, list_uploads
from uploads.rates import rate_of
from uploads.selectors import session_for
from uploads.sessions import retry_session
from uploads.states import OVER, Status

ROWS = 25


@require_safe
def upload_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "uploads.view_uploadsession")
    which = request.GET.get("state", "")
    which = which if which in FILTERS else ""
    cursor = request.GET.get("cursor", "")
    try:
        page = list_uploads(actor=user, which=which, after=cursor, limit=ROWS)
    except NoSession as error:
        raise Http404(str(error)) from error
    rows = [(session, _course(session), rate_of(session)) for session in page.results]
    counts: Counts = count_uploads(actor=user)
    context = {
        "rows": rows,
        "page": page,
        "cursor": cursor,
        "which": which,
        "filters": FILTERS.items(),
        "counts": counts,
        "senders": [] if which or cursor else list_senders(actor=user),
        "polls": any(session.status not in OVER for session, *_shown in rows),
    }
    live = "X-Live" in request.headers
    return render(request, "uploads/list_rows.html" if live else "uploads/list.html", context)


@require_POST
def upload_act(request: HttpRequest, session_id: str) -> HttpResponse:
    """Store a failed one again, or end one that is coming."""
    user = person(request)
    try:
        session = session_for(actor=user, ref=str(session_id))
    except NoSession as error:
        raise Http404(str(error)) from error
    must_have(user, "uploads.cancel_uploadsession", session.company)
    verb = retry_session if session.status == Status.FAILED else end_session
    try:
        verb(session=session, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        messages.info(request, str(error))
    return redirect("uploads:list")


def _course(session: UploadSession) -> CountedCourse | None:
    if session.status in OVER:
        return None
    return counted_course(
        session.file,
        key=str(session.pk),
        name=str(session),
        is_waiting=False,
        is_over=False,
        by_tables="",
    )
