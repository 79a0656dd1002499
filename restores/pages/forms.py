"""The form that asks for a restore: to which server, under which name, whose it will be."""

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from access.models import User
from backups.models import Backup, Database
from restores.models import Restore
from restores.options import parse_options
from restores.pages.servers import server_label
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
    name = forms.CharField(
        label=_("New database"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
        help_text=_("A name that is free on the server."),
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

    def __init__(self, given: QueryDict | None = None, *, user: User, backup: Backup) -> None:
        proposed = {"server": backup.database_id, "name": proposed_name(backup.database)}
        super().__init__(given, initial=proposed)
        self.backup = backup
        servers = self.fields["server"]
        assert isinstance(servers, ServerField)
        servers.queryset = Database.objects.visible_to(user).filter(company=backup.company_id)

    def wish(self) -> Wish:
        given = self.cleaned_data
        return Wish(
            backup=self.backup,
            server=given["server"],
            name=given["name"],
            options=parse_options({"owner": given["owner"]}),
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
