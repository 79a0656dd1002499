"""The form that asks for a backup. Names of schemas and tables are given one a line."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.policy import companies_where
from backups.models import Database
from backups.options import LABEL, LONGEST_COMMENT
from storage.models import StorageTarget

WHAT = {
    "all": _("Structure and rows"),
    "schema_only": _("Structure only"),
    "data_only": _("Rows only"),
}


class NamesField(forms.CharField):
    """A list of names, one a line: names may hold spaces and commas."""

    def __init__(self, *, placeholder: str, **kwargs: Any) -> None:
        widget = forms.Textarea(
            attrs={"rows": 2, "class": "names", "placeholder": placeholder, "spellcheck": "false"}
        )
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return [line.strip() for line in text.splitlines() if line.strip()]


class BackupForm(forms.Form):
    database = forms.ModelChoiceField(
        Database.objects.none(), label=_("Database"), empty_label=None
    )
    label = forms.RegexField(
        rf"^{LABEL.pattern}\Z",
        label=_("Label"),
        required=False,
        max_length=40,
        strip=True,
        help_text=_("Becomes part of the file name. Letters, digits, - and _."),
        error_messages={"invalid": _("Only letters, digits, - and _, 40 at the most.")},
    )
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=LONGEST_COMMENT,
        help_text=_("Why this backup was made, for whoever finds it later."),
    )
    what = forms.ChoiceField(
        label=_("What to dump"),
        choices=list(WHAT.items()),
        initial="all",
        required=False,
        widget=forms.RadioSelect,
    )
    schemas = NamesField(
        label=_("Only these schemas"),
        placeholder="sales",
        help_text=_("One name a line, * stands for anything. Empty means all."),
    )
    tables = NamesField(
        label=_("Only these tables"),
        placeholder="sales.orders",
        help_text=_("table or schema.table, one a line. Empty means all."),
    )
    exclude_schemas = NamesField(
        label=_("Leave out schemas"), placeholder="scratch", help_text=_("One name a line.")
    )
    exclude_tables = NamesField(
        label=_("Leave out tables"),
        placeholder="public.sessions",
        help_text=_("Structure and rows of these are missing after a restore."),
    )
    exclude_table_data = NamesField(
        label=_("Leave out rows of"),
        placeholder="public.audit_log",
        help_text=_("These tables are restored empty."),
    )
    compression_level = forms.IntegerField(
        label=_("Compression"),
        min_value=1,
        max_value=19,
        initial=3,
        required=False,
        help_text=_("zstd, 1 is fastest, 19 smallest. 3 is right for most."),
    )
    no_owner = forms.BooleanField(
        label=_("Without owners"),
        required=False,
        help_text=_("Everything belongs to whoever restores it."),
    )
    no_privileges = forms.BooleanField(
        label=_("Without grants"),
        required=False,
        help_text=_("Rights of roles are not kept."),
    )
    include_globals = forms.BooleanField(
        label=_("With the server's roles"),
        required=False,
        help_text=_("Attributes, memberships and settings of all roles, without passwords."),
    )
    storage = forms.ModelChoiceField(
        StorageTarget.objects.none(),
        label=_("Storage"),
        required=False,
        empty_label=_("The default one"),
        help_text=_("Where the backup is kept."),
    )
    force = forms.BooleanField(
        label=_("Even when one is running"),
        required=False,
        help_text=_("Otherwise a second backup of the same database is refused."),
    )

    MAIN = ("database", "label", "comment", "what", "schemas", "tables")
    ADVANCED = (
        "exclude_schemas",
        "exclude_tables",
        "exclude_table_data",
        "compression_level",
        "storage",
        "no_owner",
        "no_privileges",
        "include_globals",
        "force",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        companies = companies_where(user, "backups.add_backup")
        self._among("database", Database.objects.filter(company__in=companies))
        self._among("storage", StorageTarget.objects.filter(company__in=companies))

    def _among(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def options(self) -> dict[str, Any]:
        """What was filled in, in the words of `backups.options`."""
        given = self.cleaned_data
        options: dict[str, Any] = {
            name: given[name]
            for name in (
                "label", "comment", "schemas", "tables", "exclude_schemas", "exclude_tables",
                "exclude_table_data", "compression_level", "no_owner", "no_privileges",
                "include_globals",
            )
            if given[name] not in ("", [], None)
        }  # fmt: skip
        if given["what"] in ("schema_only", "data_only"):
            options[given["what"]] = True
        return options

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MAIN]

    @property
    def advanced_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ADVANCED]

    @property
    def has_advanced_errors(self) -> bool:
        return any(name in self.errors for name in self.ADVANCED)
