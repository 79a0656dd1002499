"""From a file of elsewhere to a new database: sent or named, looked at, and only then begun."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from access.models import User
from access.policy import NotAllowed
from backups.engines import RestoreOptions
from backups.errors import BackupError
from backups.models import Database
from backups.pages.failures import Failure, mistakes
from backups.pages.permitted import must_have, person
from restores.errors import Blocked
from restores.origins import FromOutside
from restores.outside import file_from_outside
from restores.pages.answers import Answer
from restores.pages.forms import LONGEST_NAME, ServerField
from restores.pages.looked import looked_at
from restores.pages.servers import server_label
from restores.received.models import ReceivedFile
from restores.received.services import receive_file, visible_files
from restores.requesting import Wish, look_first, request_restore


class ReceivedField(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic in the stubs alone
    def label_from_instance(self, obj: ReceivedFile) -> str:
        return f"{obj.name} ({obj.size:,} bytes)"


class FileForm(forms.Form):
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
    server = ServerField(
        Database.objects.none(),
        label=gettext_lazy("Server"),
        empty_label=None,
        help_text=gettext_lazy("Reached as this database is, which stays as it is."),
    )
    name = forms.CharField(
        label=gettext_lazy("New database"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"}),
        help_text=gettext_lazy("A name that is free on the server."),
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

    def __init__(self, *given: Any, user: User) -> None:
        super().__init__(*given)
        server, upload = self.fields["server"], self.fields["upload"]
        assert isinstance(server, ServerField)
        assert isinstance(upload, ReceivedField)
        server.queryset = Database.objects.visible_to(user)
        upload.queryset = visible_files(user)
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
        return given


@require_http_methods(["GET", "HEAD", "POST"])
def restore_file(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "restores.add_restore")
    if request.method != "POST":
        return _show(request, FileForm(user=user), Answer())
    form = FileForm(request.POST, request.FILES, user=user)
    if not form.is_valid():
        return _show(request, form, Answer(status=400))
    try:
        wish = _wish(form.cleaned_data, user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        return _show(request, form, Answer(failure=Failure(error), status=error.status))
    return _answer(request, form, wish, user)


def _answer(request: HttpRequest, form: FileForm, wish: Wish, user: User) -> HttpResponse:
    try:
        if request.POST.get("intent") != "restore":
            return _show(request, form, Answer(wish, look_first(wish=wish, actor=user)))
        restore = request_restore(wish=wish, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except Blocked as error:
        return _show(request, form, Answer(wish, error.checks, status=error.status))
    except BackupError as error:
        return _show(request, form, Answer(wish, failure=Failure(error), status=error.status))
    return redirect("restores:detail", restore_id=restore.pk)


def _wish(given: dict[str, Any], user: User) -> Wish:
    server: Database = given["server"]
    upload = given["upload"]
    if given["file"]:
        sent: Any = given["file"]
        upload = receive_file(
            company=server.company,
            actor=user,
            name=sent.name or "",
            blocks=_blocks(sent),
            announced=sent.size,
        )
    outside: FromOutside = file_from_outside(
        actor=user,
        company=server.company,
        upload=str(upload.pk) if upload else "",
        path=given.get("path", ""),
        accept_plain_sql=given.get("accept_plain_sql", False),
        accept_extensions=given.get("accept_extensions", False),
    )
    return Wish(None, server, given["name"], RestoreOptions(keep_owners=False), outside=outside)


def _blocks(sent: Any) -> Iterator[bytes]:
    yield from sent.chunks(1 << 20)


def _show(request: HttpRequest, form: FileForm, answer: Answer) -> HttpResponse:
    context = {
        "form": form,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
        "answer": answer,
        "looked": looked_at(answer.checks),
        "place": server_label(answer.wish.server) if answer.wish else "",
    }
    return render(request, "restores/file.html", context, status=answer.status)
