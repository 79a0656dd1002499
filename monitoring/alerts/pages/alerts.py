"""The list of alerts, one alert with each message of it, and what one does with it."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from access.models import User
from access.pages.gate import must_have, person
from access.policy import NotAllowed
from monitoring.alerts.agents import VIEW as VIEW_AGENTS
from monitoring.alerts.attention import PERMISSION, acknowledge_alert, snooze_alert
from monitoring.alerts.errors import AlertError, NoSuchAlert
from monitoring.alerts.models import Alert
from monitoring.alerts.routing import database_now
from monitoring.alerts.selectors import (
    AlertFilters,
    AlertPage,
    alert_for,
    list_alerts,
    list_channels,
    list_deliveries,
)

ROWS = 50
SENDS = 100
SNOOZES = {
    "1": gettext_lazy("1 hour"),
    "4": gettext_lazy("4 hours"),
    "24": gettext_lazy("1 day"),
    "168": gettext_lazy("1 week"),
}


class AlertFilterForm(forms.Form):
    search = forms.CharField(label=gettext_lazy("Search"), required=False, max_length=200)
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("open", gettext_lazy("Open")),
            ("unacknowledged", gettext_lazy("Not acknowledged")),
            ("resolved", gettext_lazy("Resolved")),
        ],
    )
    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        required=False,
        choices=[("", gettext_lazy("All")), *Alert.Severity.choices],
    )
    rule = forms.CharField(
        label=gettext_lazy("Rule"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "backup."}),
    )

    def filters(self) -> AlertFilters:
        """What can be read of it; the rest is left out."""
        self.is_valid()
        return AlertFilters(**{key: value for key, value in self.cleaned_data.items() if value})


@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "monitoring.view_alert")
    form = AlertFilterForm(request.GET)
    filters = form.filters()
    try:
        page = list_alerts(
            actor=user, filters=filters, cursor=request.GET.get("cursor"), limit=ROWS
        )
    except AlertError:
        page = AlertPage(results=[], next=None, previous=None)
    context = {
        "filters": form,
        "narrows": filters != AlertFilters(),
        "page": page,
        "may_change": (may_change := user.may("monitoring.change_channel")),
        "may_watch": user.may(VIEW_AGENTS),
        "nobody_is_told": may_change and not list_channels(actor=user).exists(),
        "rows": [(alert, alert.is_open and _may_act(user, alert)) for alert in page.results],
    }
    return render(request, "alerts/list.html", context)


@require_safe
def alert_detail(request: HttpRequest, alert_id: int) -> HttpResponse:
    user = person(request)
    alert = _visible(user, alert_id)
    context = {
        "alert": alert,
        "sends": list_deliveries(alert=alert)[:SENDS],
        "may_act": alert.is_open and _may_act(user, alert),
        "snoozes": SNOOZES.items(),
    }
    return render(request, "alerts/detail.html", context)


@require_POST
def alert_act(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Acknowledge it, or snooze it for so many hours."""
    user = person(request)
    alert = _visible(user, alert_id)
    act, hours = request.POST.get("act", ""), request.POST.get("hours", "")
    if act not in ("acknowledge", "snooze") or (act == "snooze" and hours not in SNOOZES):
        return HttpResponse(status=400)
    try:
        if act == "acknowledge":
            acknowledge_alert(alert=alert, actor=user)
            messages.success(request, _("%s is acknowledged.") % alert.subject)
        else:
            until = database_now() + timedelta(hours=int(hours))
            snooze_alert(alert=alert, actor=user, until=until)
            messages.success(request, _("Nothing more is said of it for %s.") % SNOOZES[hours])
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except AlertError as error:
        messages.error(request, str(error))
    if request.POST.get("back") == "list":
        return redirect("alerts:list")
    return redirect("alerts:detail", alert_id=alert.pk)


def _may_act(user: User, alert: Alert) -> bool:
    return alert.acknowledged_at is None and user.may(PERMISSION, alert.company)


def _visible(user: User, alert_id: int) -> Alert:
    try:
        return alert_for(actor=user, alert_id=alert_id)
    except NoSuchAlert as error:
        raise Http404(str(error)) from error
