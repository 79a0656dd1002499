"""The audit for administrators: who did what, filtered, to be read only."""

import json
from datetime import date
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from access import sealing
from access.models import AuditEntry, User
from access.pages.gate import must_have, person
from access.selectors import AuditFilters, list_audit

ROWS = 50
# A day further on must still be a date.
LAST_DAY = date(9999, 12, 30)


class AuditFilterForm(forms.Form):
    actor = forms.CharField(label=_("Who"), required=False, max_length=200)
    action = forms.CharField(
        label=_("Action"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": "backup.downloaded"}),
    )
    from_date = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    to_date = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def filters(self) -> AuditFilters:
        """What can be read of it; the rest is left out."""
        self.is_valid()
        given = {key: value for key, value in self.cleaned_data.items() if value}
        return AuditFilters(**{**given, **self._possible(given)})

    def _possible(self, given: dict[str, Any]) -> dict[str, date]:
        days = {key: given[key] for key in ("from_date", "to_date") if key in given}
        return {key: min(day, LAST_DAY) for key, day in days.items()}


@require_safe
def audit_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "access.view_auditentry")
    form = AuditFilterForm(request.GET)
    filters = form.filters()
    cursor = request.GET.get("cursor")
    page = list_audit(actor=user, filters=filters, cursor=cursor, limit=ROWS)
    context = {
        "filters": form,
        "narrows": filters != AuditFilters(),
        "page": page,
        "rows": [(entry, _changes(entry)) for entry in page.results],
        "broken": _is_broken(user),
    }
    return render(request, "access/audit.html", context)


def _changes(entry: AuditEntry) -> str:
    return json.dumps(entry.changes, indent=1, ensure_ascii=False) if entry.changes else ""


def _is_broken(user: User) -> bool:
    """Whether the table lost what the head in the data folder knows; told to superusers."""
    return user.is_superuser and sealing.lost_head() is not None
