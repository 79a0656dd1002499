"""From a backup to a database: asked for, looked at, and only then begun."""

from dataclasses import asdict

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from access.models import User
from access.policy import NotAllowed
from access.reauthentication import is_recent
from backups.errors import BackupError
from backups.models import Backup
from backups.pages.failures import Failure, mistakes
from backups.pages.permitted import must_have, person, visible_backup
from restores.errors import Blocked
from restores.pages.answers import Answer
from restores.pages.chosen import chosen
from restores.pages.forms import RestoreForm
from restores.pages.looked import looked_at
from restores.pages.servers import server_label
from restores.pages.typed import keep_typed, typed_before
from restores.requesting import look_first, request_restore


@require_http_methods(["GET", "HEAD", "POST"])
def restore_new(request: HttpRequest, backup_id: str) -> HttpResponse:
    user = person(request)
    backup = visible_backup(user, backup_id)
    must_have(user, "restores.add_restore", backup.company)
    if request.method == "POST":
        return _answer(request, user, RestoreForm(request.POST, user=user, backup=backup))
    if backup.status != Backup.Status.COMPLETED or backup.options.get("data_only"):
        messages.info(request, _("Only a completed backup with definitions can be restored here."))
        return redirect("backups:detail", backup_id=backup.pk)
    if (typed := typed_before(request)) is not None:
        return _answer(request, user, RestoreForm(typed, user=user, backup=backup))
    return _show(request, RestoreForm(user=user, backup=backup), Answer())


def _answer(request: HttpRequest, user: User, form: RestoreForm) -> HttpResponse:
    if not form.is_valid():
        return _show(request, form, Answer(status=400))
    wish = form.wish()
    try:
        if request.POST.get("intent") != "restore":
            found = look_first(wish=wish, actor=user)
            return _show(request, form, Answer(wish, found))
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


def _show(request: HttpRequest, form: RestoreForm, answer: Answer) -> HttpResponse:
    asks_who = answer.wish is not None and answer.wish.replacement is not None
    context = {
        "form": form,
        "backup": form.backup,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
        "answer": answer,
        "looked": looked_at(answer.checks),
        "chosen": list(chosen(asdict(answer.wish.options))) if answer.wish else [],
        "confirm_address": keep_typed(request, form.carried)
        if asks_who and not is_recent(request)
        else "",
        "place": server_label(answer.wish.server) if answer.wish else "",
    }
    return render(request, "restores/new.html", context, status=answer.status)
