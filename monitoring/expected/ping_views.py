"""`/ping/KEY…`: open to who knows the key. Whatever comes, the answer is never a fault."""

import uuid

import structlog
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from access.redaction import redact
from monitoring.expected.errors import NotFound
from monitoring.expected.pings import Kind, ping
from monitoring.expected.runs import LONGEST_LOG

log = structlog.get_logger(__name__)

RETRY_SECONDS = 10
WORDS = frozenset({"start", "fail", "log"})


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ping_view(request: HttpRequest, key: str, what: str = "") -> HttpResponse:
    """`what` is start, fail, log, an exit status, or nothing for a success."""
    try:
        kind, exit_status = _kind(what)
        rid = _rid(request.GET.get("rid"))
    except ValueError as error:
        return _said(400, str(error))
    try:
        job = ping(key=key, kind=kind, exit_status=exit_status, rid=rid, log=_body(request))
    except NotFound:
        return _said(404, "There is no such key.")
    except DatabaseError:
        # Held up, not refused: who sends it again loses nothing.
        log.exception("ping_not_written")
        answer = _said(503, "Not written. Send it again.")
        answer["Retry-After"] = str(RETRY_SECONDS)
        return answer
    return _said(200, "OK" if job.is_active else "OK, but this backup is not expected now.")


def _kind(what: str) -> tuple[Kind, int | None]:
    if not what:
        return Kind.SUCCESS, None
    if what in WORDS:
        return Kind(what), None
    if not (what.isascii() and what.isdigit() and len(what) <= 3 and int(what) <= 255):
        raise ValueError("Say start, fail, log, or an exit status from 0 to 255.")
    return Kind.SUCCESS, int(what)


def _rid(text: str | None) -> uuid.UUID | None:
    if not text:
        return None
    try:
        return uuid.UUID(text)
    except ValueError:
        raise ValueError("rid is a UUID, as uuidgen makes it.") from None


def _body(request: HttpRequest) -> str:
    """No more of it than is kept; what is no text is kept as far as it is some."""
    try:
        read = request.read(LONGEST_LOG)
    except OSError:
        # Who sent it has gone in the middle; that it was sent counts.
        return ""
    return redact(read.decode(errors="replace").replace("\0", ""))[:LONGEST_LOG]


def _said(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
