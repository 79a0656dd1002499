"""Maintenance windows: begun and ended from the page of the channels, changed on their own."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from access.models import User
from access.pages.gate import must_have, person
from access.pages.saving import save_form
from access.policy import NotAllowed, companies_where
from monitoring.alerts.channels import may_over
from monitoring.alerts.errors import AlertError, NoSuchWindow
from monitoring.alerts.models import MaintenanceWindow
from monitoring.alerts.pages.channel_form import Lines
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import window_for
from monitoring.alerts.windows import LONGEST, add_window, change_window, end_window

LONGEST_HOURS = LONGEST.days * 24
_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class WindowForm(forms.Form):
    begins_at = forms.DateTimeField(required=False)
    hours = forms.FloatField(min_value=0.1, max_value=LONGEST_HOURS)
    reason = forms.CharField(required=False, max_length=200)
    about = Lines()


class ChangedWindowForm(forms.Form):
    begins_at = forms.DateTimeField(label=gettext_lazy("From"), widget=_MOMENT)
    ends_at = forms.DateTimeField(label=gettext_lazy("Until"), widget=_MOMENT)
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=200)
    about = Lines(
        label=gettext_lazy("Only about"),
        help_text=gettext_lazy("Names of databases or storages, one a line. Empty: all."),
    )


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
    try:
        end_window(window=_visible(user, window_id), actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    messages.success(request, _("The maintenance is over: what waited is sent."))
    return redirect("alerts:channels")


@require_http_methods(["GET", "HEAD", "POST"])
def window_edit(request: HttpRequest, window_id: int) -> HttpResponse:
    user = person(request)
    window = _visible(user, window_id)
    if not may_over(user, "monitoring.change_maintenancewindow", window.company):
        raise PermissionDenied
    names = ("begins_at", "ends_at", "reason", "about")
    initial = {name: getattr(window, name) for name in names}
    form = ChangedWindowForm(request.POST or None, initial=initial)
    if save_form(
        form,
        lambda: change_window(window=window, actor=user, **form.cleaned_data),
        refusals=(AlertError,),
    ):
        messages.success(request, _("The maintenance is changed."))
        return redirect("alerts:channels")
    context = {"form": form, "window": window}
    return render(request, "alerts/window_form.html", context, status=400 if form.is_bound else 200)


def _visible(user: User, window_id: int) -> MaintenanceWindow:
    try:
        return window_for(actor=user, window_id=window_id)
    except NoSuchWindow as error:
        raise Http404(str(error)) from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
