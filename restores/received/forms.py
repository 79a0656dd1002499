"""The form that asks for a restore of a file from elsewhere: which file, and what is agreed to."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.models import User
from backups.errors import BadOption
from backups.models import Database
from restores.options import parse_options
from restores.pages.target_form import ServerField, TargetForm
from restores.received.models import ReceivedFile
from restores.received.services import visible_files


class ReceivedField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs alone
    def label_from_instance(self, obj: ReceivedFile) -> str:
        return f"{obj.name} ({obj.size:,} bytes)"


class FileForm(TargetForm):
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("A dump by pg_dump, packed or not. What it is, its content says."),
    )
    upload = ReceivedField(
        ReceivedFile.objects.none(),
        label=gettext_lazy("Or one that is here"),
        required=False,
        empty_label=gettext_lazy("None"),
        help_text=gettext_lazy("Kept for a day after it came."),
    )
    path = forms.CharField(
        label=gettext_lazy("Or a path on this machine"),
        max_length=4000,
        required=False,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
    )
    accept_plain_sql = forms.BooleanField(
        label=gettext_lazy("If it is plain SQL, let it run"),
        required=False,
        help_text=gettext_lazy("It is a program of who wrote it. A role without rights runs it."),
    )
    accept_extensions = forms.BooleanField(
        label=gettext_lazy("Let the connection's user make its extensions"),
        required=False,
        help_text=gettext_lazy("Those that only a superuser may make, from what the server has."),
    )

    field_order = ["file", "upload", "path", "server", "mode", "name"]

    def __init__(self, *given: Any, user: User) -> None:
        super().__init__(*given)
        # The file that came with the form.
        self.sent: ReceivedFile | None = None
        server, upload = self.fields["server"], self.fields["upload"]
        assert isinstance(server, ServerField)
        assert isinstance(upload, ReceivedField)
        server.queryset = Database.objects.visible_to(user)
        upload.queryset = visible_files(user)
        self.fields["role"].help_text = _("Else to a role that nobody can log in as.")
        roots = settings.ENVIRONMENT.restore_roots
        self.fields["path"].help_text = _("Under %(roots)s.") % {"roots": ", ".join(roots)}
        if not roots or not user.may("restores.read_paths"):
            del self.fields["path"]
        for name in ("accept_plain_sql", "accept_extensions"):
            if not user.may(f"restores.{name}"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if sum(bool(given.get(name)) for name in ("file", "upload", "path")) != 1:
            raise forms.ValidationError(_("Choose one file: to send, here already, or by path."))
        if not self.errors:
            try:
                owner = given["role"] or "none"
                given["options"] = parse_options({**self.asked(given), "owner": owner})
            except BadOption as error:
                self.add_error("role" if error.option == "owner" else None, str(error))
        return given

    @property
    def carried(self) -> list[tuple[str, str]]:
        found = super().carried
        return [*found, ("upload", str(self.sent.pk))] if self.sent else found
