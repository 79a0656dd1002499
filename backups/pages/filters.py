"""The list's filters as a form; what cannot be read is left out and said so."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.models import User
from backups.models import Backup, Database
from backups.selectors import ORDERINGS, BackupFilters


class FilterForm(forms.Form):
    search = forms.CharField(label=_("Search"), required=False, max_length=200)
    database = forms.ChoiceField(label=_("Database"), required=False)
    status = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All")), *Backup.Status.choices]
    )
    validation = forms.ChoiceField(
        label=_("Integrity"), required=False, choices=[("", _("All")), *Backup.Validation.choices]
    )
    from_date = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    to_date = forms.DateField(
        label=_("To"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    ordering = forms.ChoiceField(
        required=False, choices=[(order, order) for order in ORDERINGS], widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["search"].widget.attrs["placeholder"] = _("File name or label")
        names = Database.objects.visible_to(user).values_list("pk", "name")
        choices = self.fields["database"]
        assert isinstance(choices, forms.ChoiceField)
        choices.choices = [("", _("All")), *((str(pk), name) for pk, name in names)]

    def filters(self) -> BackupFilters:
        self.is_valid()
        found = self.cleaned_data
        return BackupFilters(
            status=[found["status"]] if found.get("status") else [],
            validation=[found["validation"]] if found.get("validation") else [],
            database=found.get("database") or "",
            search=found.get("search") or "",
            from_date=found.get("from_date"),
            to_date=found.get("to_date"),
            ordering=found.get("ordering") or ORDERINGS[0],
        )

    @property
    def narrows(self) -> bool:
        """Whether anything is filtered: decides what an empty list says."""
        self.is_valid()
        return any(value for name, value in self.cleaned_data.items() if name != "ordering")
