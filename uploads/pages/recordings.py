"""Recordings: the list with its filters, one with its player, and its deletion."""

from typing import Any

import orjson
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from access.models import User
from access.policy import NotAllowed
from access.reauthentication import require_recent
from backups.errors import BadOption
from backups.pages.failures import Failure
from backups.pages.permitted import must_have, person
from uploads.errors import NoSession
from uploads.models import Recording
from uploads.recordings.selectors import (
    RecordingFilters,
    RecordingPage,
    list_recordings,
    read_filters,
    recording_for,
)
from uploads.recordings.services import delete_recording, may_delete, note_view

ROWS = 25
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class FilterForm(forms.Form):
    search = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)
    con_codigo = forms.CharField(label=gettext_lazy("Connection"), required=False, max_length=100)
    wats_user = forms.CharField(label=gettext_lazy("User"), required=False, max_length=200)
    ip = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=100)

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # `from` is a word of Python's own.
        self.fields["from"] = forms.CharField(
            label=gettext_lazy("From"), required=False, widget=_DAY
        )
        self.fields["to"] = forms.CharField(label=gettext_lazy("To"), required=False, widget=_DAY)
        self.fields["search"].widget.attrs["placeholder"] = _("File, server, user")


@require_safe
def recording_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "uploads.view_recording")
    said = None
    filters, page = RecordingFilters(), RecordingPage([], None, None)
    try:
        filters = read_filters(request.GET)
        cursor = request.GET.get("cursor", "")
        page = list_recordings(actor=user, filters=filters, cursor=cursor, limit=ROWS)
    except BadOption as error:
        said = Failure(error)
    context = {
        "page": page,
        "said": said,
        "filters": filters,
        "form": FilterForm(request.GET),
        "order": filters.ordering,
    }
    return render(request, "uploads/recordings.html", context)


@require_safe
def recording_detail(request: HttpRequest, recording_id: str) -> HttpResponse:
    user = person(request)
    recording = _visible(user, recording_id)
    note_view(recording=recording, actor=user)
    context = {
        "recording": recording,
        "connection": sorted(recording.connection_info.items()),
        "metadata": orjson.dumps(recording.metadata, option=orjson.OPT_INDENT_2).decode(),
        "deletable": may_delete(user, recording),
    }
    return render(request, "uploads/recording.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def recording_delete(request: HttpRequest, recording_id: str) -> HttpResponseBase:
    user = person(request)
    recording = _visible(user, recording_id)
    if not may_delete(user, recording):
        raise PermissionDenied
    if request.method != "POST":
        return render(request, "uploads/recording_delete.html", {"recording": recording})
    return _delete(request, recording)


@require_recent
def _delete(request: HttpRequest, recording: Recording) -> HttpResponseBase:
    try:
        delete_recording(recording=recording, actor=person(request))
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("%(name)s was deleted.") % {"name": recording.file_name})
    return redirect("uploads:recordings")


def _visible(user: User, recording_id: str) -> Recording:
    try:
        return recording_for(actor=user, file_id=recording_id)
    except NoSession as error:
        raise Http404(str(error)) from error
