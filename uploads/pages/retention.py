"""How long a company's recordings stay, what has expired, and its removal."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from access.models import Company, User
from access.policy import companies_where
from access.reauthentication import require_recent
from backups.pages.failures import mistakes
from backups.pages.permitted import must_have, person
from backups.retention.nightly import next_night
from uploads.recordings.cleanup import clean_recordings
from uploads.recordings.retention import (
    MOST_DAYS,
    PERMISSION,
    STOPS,
    Preview,
    general_days,
    preview_cleanup,
    set_retention,
    stopped,
)

VIEW = "uploads.view_recording"


class DaysForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("Days"), min_value=0, max_value=MOST_DAYS, required=False
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        general = general_days()
        words = _("Empty: as the installation has it, %(days)d days. 0: for ever.")
        self.fields["days"].help_text = (
            words % {"days": general} if general else _("Empty or 0: they stay for ever.")
        )


@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    must_have(user, VIEW)
    company = _company(request, user)
    if request.method != "POST":
        return _show(request, user, company)
    must_have(user, PERMISSION, company)
    if request.POST.get("act") == "days":
        return _change(request, user, company)
    return _clean(request)


def _company(request: HttpRequest, user: User) -> Company:
    """The one that is named, else the first."""
    rows = companies_where(user, VIEW).order_by("name", "pk")
    ref = request.GET.get("company", "")
    if ref:
        rows = rows.filter(pk=int(ref)) if ref.isascii() and ref.isdigit() else rows.none()
    company = rows.first() if len(ref) < 19 else None
    if company is None:
        raise Http404
    return company


def _change(request: HttpRequest, user: User, company: Company) -> HttpResponse:
    form = DaysForm(request.POST)
    if not form.is_valid():
        return _show(request, user, company, form, status=400)
    set_retention(company=company, days=form.cleaned_data["days"], actor=user)
    messages.success(request, _("How long recordings stay is saved."))
    return redirect(_address(company))


@require_recent
def _clean(request: HttpRequest) -> HttpResponse:
    user = person(request)
    company = _company(request, user)
    before: datetime | None = None
    try:
        before = parse_datetime(request.POST.get("before", ""))
    except ValueError:
        pass
    if before is None or before.tzinfo is None:
        return HttpResponse(status=400)
    confirmed = request.POST.get("confirmed") == "yes"
    count = clean_recordings(company=company, actor=user, before=before, confirmed=confirmed)
    words = ngettext("%(count)d recording is removed.", "%(count)d recordings are removed.", count)
    messages.success(request, words % {"count": count})
    return redirect(_address(company))


def _address(company: Company) -> str:
    return f"{reverse('uploads:retention')}?company={company.pk}"


def _show(
    request: HttpRequest,
    user: User,
    company: Company,
    form: DaysForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    preview: Preview = preview_cleanup(company=company)
    stop = str(preview.stop or stopped(company))
    form = form or DaysForm(initial={"days": preview.own_days})
    context = {
        "company": company,
        "companies": companies_where(user, VIEW).order_by("name", "pk")[:100],
        "now": preview,
        "before": preview.before.isoformat(),
        "night": next_night(preview.at),
        "stop": STOPS.get(stop, ""),
        "form": form,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
        "may_change": user.may(PERMISSION, company),
    }
    return render(request, "uploads/retention.html", context, status=status)
