"""From a file of elsewhere to a database: sent or named, looked at, and only then begun."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access.models import User
from access.policy import NotAllowed
from access.reauthentication import is_recent
from backups.errors import BackupError
from backups.models import Database
from backups.pages.failures import Failure, mistakes
from backups.pages.permitted import must_have, person
from restores.errors import Blocked
from restores.origins import FromOutside
from restores.outside import file_from_outside
from restores.pages.answers import Answer
from restores.pages.chosen import chosen
from restores.pages.looked import looked_at
from restores.pages.servers import server_label
from restores.pages.typed import keep_typed, typed_before
from restores.received.forms import FileForm
from restores.received.services import receive_file
from restores.requesting import Wish, look_first, request_restore


@require_http_methods(["GET", "HEAD", "POST"])
def restore_file(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, "restores.add_restore")
    if request.method == "POST":
        form = FileForm(request.POST, request.FILES, user=user)
    elif (typed := typed_before(request)) is not None:
        form = FileForm(typed, user=user)
    else:
        return _show(request, FileForm(user=user), Answer())
    if not form.is_valid():
        return _show(request, form, Answer(status=400))
    try:
        wish = _wish(form, user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except BackupError as error:
        return _show(request, form, Answer(failure=Failure(error), status=error.status))
    return _answer(request, form, wish, user)


def _answer(request: HttpRequest, form: FileForm, wish: Wish, user: User) -> HttpResponse:
    try:
        if request.POST.get("intent") != "restore":
            return _show(request, form, Answer(wish, look_first(wish=wish, actor=user)))
        if wish.replacement is not None and not is_recent(request):
            return redirect(keep_typed(request, form.carried))
        if wish.replacement is not None and wish.replacement.confirm != wish.name:
            found = look_first(wish=wish, actor=user)
            mistyped = _("This is not the name of the database.")
            return _show(request, form, Answer(wish, found, mistyped=mistyped, status=400))
        restore = request_restore(wish=wish, actor=user)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error
    except Blocked as error:
        return _show(request, form, Answer(wish, error.checks, status=error.status))
    except BackupError as error:
        return _show(request, form, Answer(wish, failure=Failure(error), status=error.status))
    return redirect("restores:detail", restore_id=restore.pk)


def _wish(form: FileForm, user: User) -> Wish:
    given = form.cleaned_data
    server: Database = given["server"]
    upload = given["upload"]
    if given["file"]:
        sent: Any = given["file"]
        form.sent = upload = receive_file(
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
    return Wish(
        None,
        server,
        given["name"],
        given["options"],
        replacement=form.replacement(),
        outside=outside,
    )


def _blocks(sent: Any) -> Iterator[bytes]:
    yield from sent.chunks(1 << 20)


def _show(request: HttpRequest, form: FileForm, answer: Answer) -> HttpResponse:
    asks_who = answer.wish is not None and answer.wish.replacement is not None
    context = {
        "form": form,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
        "answer": answer,
        "looked": looked_at(answer.checks),
        "chosen": list(chosen(asdict(answer.wish.options), is_outside=True)) if answer.wish else [],
        "confirm_address": keep_typed(request, form.carried)
        if asks_who and not is_recent(request)
        else "",
        "place": server_label(answer.wish.server) if answer.wish else "",
    }
    return render(request, "restores/file.html", context, status=answer.status)
