"""The artifact's bytes, streamed, with Range (RFC 9110, section 14: one range of bytes).

`?form=opened` gives the archive inside it, decrypted and decompressed, in one piece only.
"""

import base64
import re
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.views import APIView

from backups.downloads import Download, prepare_download
from backups.errors import BadOption
from backups.opening import Opened, prepare_opened
from backups.selectors import backup_for
from storage.api.bodies import actor_of

# Longer numbers are beyond any file; int() refuses those of thousands of digits.
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class DownloadView(APIView):
    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002
        """The bytes are what they are, whatever the client says that it takes."""
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request, backup_id: str) -> HttpResponseBase:
        actor = actor_of(request)
        backup = backup_for(actor=actor, backup_id=backup_id)
        form = request.query_params.get("form", "stored")
        if form == "opened":
            return _opened(prepare_opened(backup=backup, actor=actor))
        if form != "stored":
            raise BadOption("form", _("form is stored or opened."))
        return ranged(request, prepare_download(backup=backup, actor=actor))


def ranged(
    request: Request,
    download: Download,
    *,
    content_type: str = "application/octet-stream",
    as_attachment: bool = True,
) -> HttpResponseBase:
    """All of it, or the range that was asked for."""
    wanted = _range(request, download)
    if wanted is None:
        response: HttpResponseBase = StreamingHttpResponse(download.stream())
        response["Content-Length"] = str(download.size)
    elif wanted[0] >= wanted[1]:
        response = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{download.size}"
    else:
        start, end = wanted
        response = StreamingHttpResponse(download.stream(start=start, end=end), status=206)
        response["Content-Length"] = str(end - start)
        response["Content-Range"] = f"bytes {start}-{end - 1}/{download.size}"
    _headed(response, download)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment, download.file_name) or "inline"
    )
    return response


def _opened(opened: Opened) -> HttpResponseBase:
    """Its length is said: what ends before is known to be cut by every client."""
    response = StreamingHttpResponse(opened.stream())
    response["Content-Length"] = str(opened.size)
    return _headed(response, opened, ranges="none")


def _headed(
    response: HttpResponseBase, download: Download | Opened, *, ranges: str = "bytes"
) -> HttpResponseBase:
    digest = base64.b64encode(bytes.fromhex(download.sha256)).decode()
    response["Content-Type"] = "application/octet-stream"
    response["Content-Disposition"] = content_disposition_header(True, download.file_name) or ""
    response["Accept-Ranges"] = ranges
    response["ETag"] = f'"{download.sha256}"'
    response["X-Checksum-SHA256"] = download.sha256
    response["Repr-Digest"] = f"sha-256=:{digest}:"
    response["Cache-Control"] = "private, no-store"
    return response


def _range(request: Request, download: Download) -> tuple[int, int] | None:
    """The wanted bytes as [start, end), empty when they cannot be had; None for all of them."""
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    condition = request.headers.get("If-Range")
    if match is None or match[0] == "bytes=-" or condition not in (None, f'"{download.sha256}"'):
        return None
    first, last = match[1], match[2]
    if not first:
        return max(0, download.size - int(last)), download.size if int(last) else 0
    end = min(int(last) + 1, download.size) if last else download.size
    return int(first), end
