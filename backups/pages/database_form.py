"""The form of a database's connection. Its password is only ever written, never shown."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from access.models import Company, User
from access.policy import companies_where
from backups.databases import EDITABLE
from backups.models import Database
from storage.models import StorageTarget

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Database]
else:
    ModelForm = forms.ModelForm

# A kept password is only used for the place and user it was given for: who may change the
# address must not have it sent to a server of their own.
PASSWORD_BELONGS_TO = ("host", "port", "username", "tls_mode")


class KeptPassword(ModelForm):
    """A form with a `password` field in which empty means: keep the stored one."""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        moved = [name for name in PASSWORD_BELONGS_TO if name in self.changed_data]
        kept = not self.instance._state.adding and self.instance.password_sealed
        if kept and moved and not found.get("password"):
            self.add_error(
                "password",
                _t("Type the password again: the stored one belongs to the connection as it was."),
            )
        return found


class DatabaseForm(KeptPassword):
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted, and never shown again."),
    )

    copy_storages = forms.ModelMultipleChoiceField(
        StorageTarget.objects.none(),
        label=_("Further copies at"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each good backup is copied there, besides the storage that it is made for."),
    )

    class Meta:
        model = Database
        fields = EDITABLE

    FIELDS = (
        *("name", "host", "port", "database_name", "username", "password", "tls_mode"),
        *("drill_every", "drill_days", "promise_hours", "proof_days", "protected"),
        "copy_storages",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance._state.adding
        permission = "backups.add_database" if self.is_new else "backups.change_database"
        self.companies = list(companies_where(user, permission))
        if self.is_new and len(self.companies) > 1:
            self.fields["company"] = forms.ModelChoiceField(
                companies_where(user, permission), label=_("Company"), empty_label=None
            )
        self._offer_storages()
        if not self.is_new:
            self.fields["password"].help_text = _("Leave it empty to keep the one that is stored.")
        self.fields["host"].widget.attrs["placeholder"] = "db.example.com"
        self.fields["username"].help_text = _("It needs to read everything: pg_read_all_data.")
        self.fields["tls_mode"].help_text = _("Over other networks: always, with the host checked.")

    def _offer_storages(self) -> None:
        """With one storage there is nothing to choose from."""
        companies = self.companies if self.is_new else [self.instance.company]
        offered = StorageTarget.objects.filter(company__in=companies).order_by("name")
        field = self.fields["copy_storages"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = offered
        if not self.is_new:
            self.initial["copy_storages"] = list(self.instance.copy_storages.all())
        if offered.count() < 2:
            del self.fields["copy_storages"]

    def validate_unique(self) -> None:
        self.instance.company = self.company
        super().validate_unique()
        duplicate = Database.objects.filter(company=self.company, name=self.instance.name)
        if self.instance.name and duplicate.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _t("There is a database of this name already."))

    @property
    def company(self) -> Company:
        if not self.is_new:
            return self.instance.company
        chosen = self.cleaned_data.get("company")
        return chosen if isinstance(chosen, Company) else self.companies[0]

    def connection(self) -> Database:
        """The database as filled in, to be tested; not saved."""
        # Under the id of the saved one, so that the use of its password is told of it.
        tested = Database(pk=self.instance.pk, company=self.company)
        tested._state.adding = self.is_new
        tested.engine = self.instance.engine
        for name in self.Meta.fields:
            setattr(tested, name, self.cleaned_data[name])
        kept = self.instance.password if not self.is_new else ""
        tested.password = self.cleaned_data["password"] or kept
        return tested

    def values(self) -> dict[str, Any]:
        found = {name: self.cleaned_data[name] for name in self.Meta.fields}
        if "copy_storages" in self.fields:
            found["copy_storages"] = list(self.cleaned_data["copy_storages"])
        return found

    @property
    def bound_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in (*self.FIELDS, "company") if name in self.fields]
