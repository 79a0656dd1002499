"""The form that asks for a restore of a backup: whose it will be, and of which roles."""

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
from restores.options import parse_options, parse_role_map
from restores.pages.target_form import LONGEST_NAME, ServerField, TargetForm
from restores.requesting import Wish

# The fields that say something of the source's owners.
ABOUT_OWNERS = frozenset({"owner", "role", "role_map", "missing_roles", "no_privileges"})


class RestoreForm(TargetForm):
    owner = forms.ChoiceField(
        label=_("Owners and grants"),
        choices=[
            ("keep", _("As at the source")),
            ("none", _("All belongs to the connection's user, without grants")),
        ],
        initial="keep",
        widget=forms.RadioSelect,
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
    with_globals = forms.BooleanField(
        label=_("Roles of the backup"),
        required=False,
        help_text=_("Those that the server lacks, without login; if it was made with them."),
    )
    no_privileges = forms.BooleanField(
        label=_("Without grants"), required=False, help_text=_("Owners stay, rights do not.")
    )

    ADVANCED = (
        *("schemas", "tables", "role", "role_map", "jobs", "schema_only"),
        *("missing_roles", "with_globals", "no_privileges", "no_analyze"),
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
        found = self.asked(given)
        found |= {"owner": given["role"] or given["owner"], "no_privileges": given["no_privileges"]}
        found["globals"] = given["with_globals"]
        if given["missing_roles"]:
            found["missing_roles"] = "create"
        if given["role_map"]:
            found["role_map"] = parse_role_map(given["role_map"])
        return found

    @property
    def carried_without_owners(self) -> list[tuple[str, str]]:
        """The same once more, but all belongs to the connection's user."""
        others = [one for one in self.carried if one[0] not in ABOUT_OWNERS]
        return [*others, ("owner", "none")]

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            backup=self.backup,
            server=given["server"],
            name=given["name"],
            options=given["options"],
            replacement=self.replacement(),
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
