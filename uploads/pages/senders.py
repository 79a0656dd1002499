"""What one agent may send, and has sent: shown, and changed by those who may."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from access.pages.saving import save_form
from backups.pages.failures import mistakes
from backups.pages.permitted import person
from look.sizes import SizeField
from look.units import grouped, size
from uploads.errors import NoSession
from uploads.limits import MB, allow, allowance_of, general_quota
from uploads.models import Allowance
from uploads.overview import Sender, sender_for

MOST_NUMBER = 2**31 - 1


class LimitsForm(forms.Form):
    """Sizes are kept in whole MiB: what is said is never exceeded."""

    most_mb = SizeField(label=gettext_lazy("A file"), required=False)
    most_mb_a_day = SizeField(label=gettext_lazy("In 24 hours"), required=False)
    most_open = forms.IntegerField(
        label=gettext_lazy("Open at once"), min_value=0, max_value=MOST_NUMBER, required=False
    )
    deletes_recordings = forms.BooleanField(
        label=gettext_lazy("It may delete its own recordings"), required=False
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        general = general_quota()
        day = general.most_bytes_a_day
        told = {
            "most_mb": size(general.most_bytes),
            "most_mb_a_day": _("no limit") if day is None else size(day),
            "most_open": grouped(general.most_open),
        }
        for name, value in told.items():
            words = _("Empty: as the installation has it, %(value)s.")
            self.fields[name].help_text = words % {"value": value}

    def clean_most_mb(self) -> int | None:
        return self._in_mb("most_mb")

    def clean_most_mb_a_day(self) -> int | None:
        return self._in_mb("most_mb_a_day")

    def _in_mb(self, name: str) -> int | None:
        count: int | None = self.cleaned_data[name]
        if count and not 1 <= count // MB <= MOST_NUMBER:
            raise ValidationError(_("1 MiB is the least, 2 PiB the most."), code="invalid")
        return None if count is None else count // MB


def _initial(own: Allowance) -> dict[str, Any]:
    """Sizes in bytes, as their fields have them."""
    found = {name: getattr(own, name) for name in LimitsForm.base_fields}
    for name in ("most_mb", "most_mb_a_day"):
        if found[name] is not None:
            found[name] *= MB
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def sender(request: HttpRequest, agent_id: str) -> HttpResponse:
    user = person(request)
    try:
        found: Sender = sender_for(actor=user, agent_id=agent_id)
    except NoSession as error:
        raise Http404(str(error)) from error
    form = LimitsForm(
        request.POST if request.method == "POST" else None,
        initial=_initial(allowance_of(found.agent.user)),
    )

    def save() -> Allowance:
        return allow(user=found.agent.user, actor=user, **form.cleaned_data)

    if save_form(form, save, refusals=()):
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
