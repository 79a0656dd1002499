"""What every form that asks for a restore has: where to, under which name, how much of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backups.models import Database
from backups.pages.forms import NamesField
from restores.models import Restore
from restores.options import MOST_JOBS
from restores.pages.servers import server_label
from restores.replacing.wanted import LONGEST_KEEPING, Replacement

# PostgreSQL cuts longer ones; it counts bytes, which the preflight does.
LONGEST_NAME = 63
_PLAIN = {"spellcheck": "false", "autocapitalize": "none"}


class ServerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs alone
    def label_from_instance(self, obj: Database) -> str:
        return server_label(obj)


class TargetForm(forms.Form):
    server = ServerField(
        Database.objects.none(),
        label=_("Server"),
        empty_label=None,
        help_text=_("Reached as this database is, which stays as it is."),
    )
    mode = forms.ChoiceField(
        label=_("As"),
        choices=Restore.Mode.choices,
        initial=Restore.Mode.NEW,
        required=False,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Database"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("A name that is free on the server, or of the database to be replaced."),
    )

    schemas = NamesField(
        label=_("Only these schemas"),
        placeholder="sales",
        help_text=_("One name a line, * stands for anything. Empty means all."),
    )
    tables = NamesField(
        label=_("Only these tables"),
        placeholder="sales.orders",
        help_text=_("table or schema.table, one a line; what belongs to them comes along."),
    )
    role = forms.CharField(
        label=_("Belongs to the role"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("In place of the source's owners, or of the connection's user."),
    )
    jobs = forms.IntegerField(
        label=_("In parallel"),
        min_value=1,
        max_value=MOST_JOBS,
        required=False,
        widget=forms.NumberInput(attrs={"placeholder": "1"}),
        help_text=_("So many at once, from the archive unpacked on this machine."),
    )
    schema_only = forms.BooleanField(
        label=_("Structure only"), required=False, help_text=_("All tables are empty.")
    )
    no_analyze = forms.BooleanField(
        label=_("Without ANALYZE"),
        required=False,
        help_text=_("Sooner done, but slow until the server has gathered its statistics."),
    )
    keep_old_days = forms.IntegerField(
        label=_("Keep a replaced one, in days"),
        min_value=1,
        max_value=LONGEST_KEEPING,
        required=False,
        widget=forms.NumberInput(attrs={"placeholder": "7"}),
        help_text=_("It stays beside, under another name, and can be brought back."),
    )
    no_safety_backup = forms.BooleanField(
        label=_("Without a safety backup"),
        required=False,
        help_text=_("Else one of the database to be replaced is made first."),
    )

    ADVANCED: tuple[str, ...] = (
        *("schemas", "tables", "role", "jobs", "schema_only", "no_analyze"),
        *("keep_old_days", "no_safety_backup"),
    )

    @property
    def advanced_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.ADVANCED]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in self.ADVANCED]

    @property
    def is_open(self) -> bool:
        """Whether an advanced option was used, or is in the way."""
        return any(self[name].errors or self.data.get(name) for name in self.ADVANCED)

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What was filled in, to be sent again with the last word. Never a password or a file."""
        return [
            (name, str(self.data[name]))
            for name, field in self.fields.items()
            if self.data.get(name)
            and not isinstance(field.widget, forms.PasswordInput | forms.FileInput)
        ]

    def asked(self, given: dict[str, Any]) -> dict[str, Any]:
        """What was filled in, in the words of `restores.options`."""
        return {
            **{name: given[name] for name in ("schemas", "tables", "schema_only")},
            "jobs": given["jobs"] or 1,
            "analyze": not given["no_analyze"],
        }

    def replacement(self) -> Replacement | None:
        given = self.cleaned_data
        if given["mode"] != Restore.Mode.REPLACE:
            return None
        return Replacement(
            confirm=str(self.data.get("confirm", "")),
            safety_backup=not given["no_safety_backup"],
            keep_old_days=given["keep_old_days"] or 7,
        )
