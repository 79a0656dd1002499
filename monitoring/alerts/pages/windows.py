"""Maintenance windows: begun and ended from the page of the channels."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from access.pages.gate import must_have, person
from access.policy import NotAllowed, companies_where
from monitoring.alerts.channels import add_window, end_window
from monitoring.alerts.errors import AlertError
from monitoring.alerts.pages.channel_form import Lines
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import list_windows

LONGEST_HOURS = 24 * 31


class WindowForm(forms.Form):
    begins_at = forms.DateTimeField(required=False)
    hours = forms.FloatField(min_value=0.1, max_value=LONGEST_HOURS)
    reason = forms.CharField(required=False, max_length=200)
    about = Lines()


@require_POST
def window_add(request: HttpRequest) -> HttpResponse:
    """From a time in the installation's zone on, or from now, for so many hours."""
    user = person(request)
    must_have(user, "monitoring.add_maintenancewindow")
    form = WindowForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say for how many hours, %d at the most.") % LONGEST_HOURS)
        return redirect("alerts:channels")
    found = form.cleaned_data
    begins = found["begins_at"] or database_now()
    companies = companies_where(user, "monitoring.add_maintenancewindow")
    company = companies.filter(pk=_number(request.POST.get("company", ""))).first()
    if company is None and not user.is_superuser:
        company = companies.first()
    try:
        add_window(
            company=company,
            begins_at=begins,
            ends_at=begins + timedelta(hours=found["hours"]),
            about=found["about"],
            reason=found["reason"],
            actor=user,
        )
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except AlertError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("In that time nothing is sent."))
    return redirect("alerts:channels")


@require_POST
def window_end(request: HttpRequest, window_id: int) -> HttpResponse:
    user = person(request)
    window = list_windows(actor=user).filter(pk=window_id).first()
    if window is None:
        raise Http404
    try:
        end_window(window=window, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("The maintenance is over: what waited is sent."))
    return redirect("alerts:channels")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
