"""What one agent may send, and has sent: shown, and changed by those who may."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from access.policy import NotAllowed
from backups.pages.failures import mistakes
from backups.pages.permitted import person
from look.units import grouped, size
from uploads.errors import NoSession
from uploads.limits import MB, allow, allowance_of, general_quota
from uploads.models import Allowance
from uploads.overview import Sender, sender_for

MOST_NUMBER = 2**31 - 1


def _limit(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=MOST_NUMBER, required=False)


class LimitsForm(forms.Form):
    most_mb = _limit(gettext_lazy("A file, in MiB"))
    most_mb_a_day = _limit(gettext_lazy("In 24 hours, in MiB"))
    most_open = _limit(gettext_lazy("Open at once"))
    deletes_recordings = forms.BooleanField(
        label=gettext_lazy("It may delete its own recordings"), required=False
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        general = general_quota()
        day = general.most_bytes_a_day
        told = {
            "most_mb": f"{grouped(general.most_bytes // MB)} ({size(general.most_bytes)})",
            "most_mb_a_day": _("no limit")
            if day is None
            else f"{grouped(day // MB)} ({size(day)})",
            "most_open": grouped(general.most_open),
        }
        for name, value in told.items():
            words = _("Empty: as the installation has it, %(value)s.")
            self.fields[name].help_text = words % {"value": value}


@require_http_methods(["GET", "HEAD", "POST"])
def sender(request: HttpRequest, agent_id: str) -> HttpResponse:
    user = person(request)
    try:
        found: Sender = sender_for(actor=user, agent_id=agent_id)
    except NoSession as error:
        raise Http404(str(error)) from error
    own: Allowance = allowance_of(found.agent.user)
    form = LimitsForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(own, name) for name in LimitsForm.base_fields},
    )
    if form.is_bound and form.is_valid():
        try:
            allow(user=found.agent.user, actor=user, **form.cleaned_data)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        messages.success(request, _("What it may send is saved."))
        return redirect("uploads:sender", agent_id=agent_id)
    context = {
        "sender": found,
        "quota": found.quota,
        "form": form,
        "mistakes": mistakes(form) if form.is_bound else [],
        "may_change": user.may("uploads.change_allowance", found.agent.company),
    }
    return render(request, "uploads/sender.html", context, status=400 if form.is_bound else 200)
