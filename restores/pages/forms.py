"""The form that asks for a restore: to which server, under which name, whose it will be."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.models import User
from backups.errors import BadOption
from backups.models import Backup, Database
from backups.pages.forms import NamesField
from restores.models import Restore
from restores.options import MOST_JOBS, parse_options, parse_role_map
from restores.pages.servers import server_label
from restores.replacing.wanted import LONGEST_KEEPING, Replacement
from restores.requesting import Wish

# PostgreSQL cuts longer ones; it counts bytes, which the preflight does.
LONGEST_NAME = 63


class ServerField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs alone
    def label_from_instance(self, obj: Database) -> str:
        return server_label(obj)


class RestoreForm(forms.Form):
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
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("A name that is free on the server, or of the database to be replaced."),
    )
    owner = forms.ChoiceField(
        label=_("Owners and grants"),
        choices=[
            ("keep", _("As at the source")),
            ("none", _("All belongs to the connection's user, without grants")),
        ],
        initial="keep",
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
        help_text=_("table or schema.table, one a line; what belongs to them comes along."),
    )
    role = forms.CharField(
        label=_("Belongs to the role"),
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("In place of the source's owners, or of the connection's user."),
    )
    role_map = NamesField(
        label=_("Other roles"),
        placeholder="old = new",
        help_text=_("A role of the server in place of one of the backup, one a line."),
    )
    missing_roles = forms.BooleanField(
        label=_("Make missing roles"),
        required=False,
        help_text=_("Without login. They stay, also when the restore fails."),
    )
    no_privileges = forms.BooleanField(
        label=_("Without grants"), required=False, help_text=_("Owners stay, rights do not.")
    )
    schema_only = forms.BooleanField(
        label=_("Structure only"), required=False, help_text=_("All tables are empty.")
    )
    no_analyze = forms.BooleanField(
        label=_("Without ANALYZE"),
        required=False,
        help_text=_("Sooner done, but slow until the server has gathered its statistics."),
    )
    jobs = forms.IntegerField(
        label=_("In parallel"),
        min_value=1,
        max_value=MOST_JOBS,
        required=False,
        widget=forms.NumberInput(attrs={"placeholder": "1"}),
        help_text=_("So many at once, from the archive unpacked on this machine."),
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

    ADVANCED = (
        *("schemas", "tables", "role", "role_map", "jobs", "schema_only"),
        *("missing_roles", "no_privileges", "no_analyze"),
        *("keep_old_days", "no_safety_backup"),
    )

    def __init__(self, given: QueryDict | None = None, *, user: User, backup: Backup) -> None:
        proposed = {"server": backup.database_id, "name": proposed_name(backup.database)}
        super().__init__(given, initial=proposed)
        self.backup = backup
        servers = self.fields["server"]
        assert isinstance(servers, ServerField)
        servers.queryset = Database.objects.visible_to(user).filter(company=backup.company_id)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            try:
                given["options"] = parse_options(self._options(given))
            except BadOption as error:
                field = error.option if error.option in self.fields else None
                self.add_error(field, str(error))
        return given

    def _options(self, given: dict[str, Any]) -> dict[str, Any]:
        """What was filled in, in the words of `restores.options`."""
        found = {name: given[name] for name in ("schemas", "tables", "schema_only")}
        found |= {"owner": given["role"] or given["owner"], "no_privileges": given["no_privileges"]}
        found |= {"jobs": given["jobs"] or 1, "analyze": not given["no_analyze"]}
        if given["missing_roles"]:
            found["missing_roles"] = "create"
        if given["role_map"]:
            found["role_map"] = parse_role_map(given["role_map"])
        return found

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
        """What was filled in, to be sent again with the last word."""
        return [(name, self.data[name]) for name in self.fields if self.data.get(name)]

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            backup=self.backup,
            server=given["server"],
            name=given["name"],
            options=given["options"],
            replacement=self._replacement(given),
        )

    def _replacement(self, given: dict[str, Any]) -> Replacement | None:
        if given["mode"] != Restore.Mode.REPLACE:
            return None
        return Replacement(
            confirm=str(self.data.get("confirm", "")),
            safety_backup=not given["no_safety_backup"],
            keep_old_days=given["keep_old_days"] or 7,
        )


def proposed_name(database: Database) -> str:
    """``shop_restored_20261121``, or with a number after it when that is known to be taken."""
    day = f"{timezone.localdate():%Y%m%d}"
    here = Database.objects.filter(
        company=database.company_id, host=database.host, port=database.port
    )
    taken = set(
        here.filter(database_name__contains=day).values_list("database_name", flat=True)
    ) | set(
        Restore.objects.filter(
            company=database.company_id,
            target_name__contains=day,
            status__in=(Restore.Status.PENDING, Restore.Status.RUNNING),
        ).values_list("target_name", flat=True)
    )
    number = 1
    while (name := _named(database.database_name, day, number)) in taken:
        number += 1
    return name


def _named(source: str, day: str, number: int) -> str:
    end = f"_restored_{day}" + (f"_{number}" if number > 1 else "")
    # What is cut must still be whole letters.
    begin = source.encode()[: LONGEST_NAME - len(end)].decode(errors="ignore")
    return begin + end
