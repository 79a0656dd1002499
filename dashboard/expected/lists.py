"""A whole list of expected backups: from a spreadsheet, tried first if one likes, and back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from access.models import User
from backups.pages.permitted import must_have, person
from monitoring.expected.board import choose
from monitoring.expected.errors import BadField, BadLines
from monitoring.expected.jobs import ADD
from monitoring.expected.transfer import (
    MOST_BYTES,
    Imported,
    export_jobs,
    import_jobs,
    read_list,
)
from monitoring.times.clock import database_now

FORMS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
# What is longer is not put into the field to be mended there.
LONGEST_SHOWN = 200_000
COLUMNS = "company_name,city,database_name,agent_id_responsible,backup_frequency,…"


class ImportForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        help_text=gettext_lazy("CSV in UTF-8, by commas or semicolons, or JSON. 20 MB at most."),
    )
    text = forms.CharField(
        label=gettext_lazy("Or the list itself"),
        required=False,
        strip=False,
        max_length=LONGEST_SHOWN,
        widget=forms.Textarea(
            attrs={"rows": 10, "class": "mono", "spellcheck": "false", "placeholder": COLUMNS}
        ),
        help_text=gettext_lazy("The first line names the columns. An empty cell says nothing."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is not None and file.size > MOST_BYTES:
            raise forms.ValidationError(_("This is more than %d MB.") % (MOST_BYTES >> 20))
        return file

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and not found.get("file") and not found.get("text", "").strip():
            self.add_error("file", _("Choose a file, or paste the list."))
        return found

    def body(self) -> bytes:
        file: UploadedFile[Any] | None = self.cleaned_data.get("file")
        return file.read() if file else str(self.cleaned_data["text"]).encode()


@require_http_methods(["GET", "HEAD", "POST"])
def job_import(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, ADD)
    if request.method != "POST":
        return render(request, "expected/import.html", {"form": ImportForm()})
    form = ImportForm(request.POST, request.FILES)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        body = form.body()
        context["form"] = _with_text(body)
        try:
            found = _take(user, body, dry_run=request.POST.get("intent") != "take")
        except BadLines as error:
            context |= {"title": str(error), "lines": error.lines}
        except BadField as error:
            context |= {"title": str(error), "lines": []}
        else:
            if not found.dry_run:
                messages.success(request, _words(found))
                return redirect("dashboard:expected")
            context |= {"found": found, "words": _words(found)}
            return render(request, "expected/import.html", context)
    return render(request, "expected/import.html", context, status=400)


@require_safe
def job_export(request: HttpRequest) -> HttpResponse:
    """What the board shows, as an import takes it again."""
    user = person(request)
    must_have(user, "backups.view_database")
    must_have(user, "monitoring.view_expectedbackupjob")
    form = request.GET.get("as", "csv")
    if form not in FORMS:
        return HttpResponse(status=400)
    rows = choose(
        actor=user,
        now=database_now(),
        standing=request.GET.get("state", ""),
        search=request.GET.get("search", "")[:100],
    )
    answer = HttpResponse(export_jobs(rows, form), content_type=FORMS[form])
    answer["Content-Disposition"] = f'attachment; filename="expected-backups.{form}"'
    return answer


def _take(user: User, body: bytes, *, dry_run: bool) -> Imported:
    return import_jobs(actor=user, body=read_list(body), dry_run=dry_run)


def _with_text(body: bytes) -> ImportForm:
    """The form again, with what was sent in its field: a browser does not send a file twice."""
    text = body.decode("utf-8-sig", errors="replace") if len(body) <= LONGEST_SHOWN else ""
    return ImportForm(initial={"text": text.replace("\0", "")})


def _words(found: Imported) -> str:
    words = _("%(created)d created, %(changed)d changed, %(unchanged)d as they were.")
    return words % vars(found)
