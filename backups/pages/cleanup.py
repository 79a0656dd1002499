"""What stays of a database's backups and why, what goes tonight; and the policy of those made
by hand."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from access.models import User
from access.policy import NotAllowed
from backups.databases import update_database
from backups.errors import BackupError, NotFound
from backups.models import Database
from backups.pages.failures import Failure, mistakes
from backups.pages.permitted import must_have, person
from backups.retention import RETENTION
from backups.retention.cleanup import clean_database
from backups.retention.nightly import next_night
from backups.retention.plan import Stop
from backups.retention.preview import STOPS, preview_cleanup
from backups.selectors import database_for
from monitoring.times.clock import database_now

LABELS = {
    "last": gettext_lazy("The last"),
    "days": gettext_lazy("Days"),
    "hourly": gettext_lazy("Hourly"),
    "daily": gettext_lazy("Daily"),
    "weekly": gettext_lazy("Weekly"),
    "monthly": gettext_lazy("Monthly"),
    "yearly": gettext_lazy("Yearly"),
}


class PolicyForm(forms.Form):
    """Empty numbers only: all of them stay."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in RETENTION:
            field = forms.IntegerField(
                label=LABELS[name], min_value=0, max_value=100_000, required=False
            )
            self.fields[name] = field

    def numbers(self) -> dict[str, int] | None:
        given = {name: number for name, number in self.cleaned_data.items() if number is not None}
        return given or None


@require_http_methods(["GET", "HEAD", "POST"])
def cleanup(request: HttpRequest, database_id: str) -> HttpResponse:
    user = person(request)
    try:
        database = database_for(actor=user, ref=str(database_id))
    except NotFound as error:
        raise Http404(str(error)) from error
    must_have(user, "backups.view_backup", database.company)
    form = PolicyForm(initial=database.retention)
    if request.method != "POST":
        return _show(request, user, database, form)
    try:
        if request.POST.get("act") == "policy":
            return _change_policy(request, user, database)
        return _clean(request, user, database)
    except NotAllowed as error:
        raise PermissionDenied(str(error)) from error


def _change_policy(request: HttpRequest, user: User, database: Database) -> HttpResponse:
    must_have(user, "backups.change_database", database.company)
    form = PolicyForm(request.POST)
    if not form.is_valid():
        return _show(request, user, database, form, status=400)
    try:
        update_database(database=database, actor=user, retention=form.numbers())
    except BackupError as error:
        return _show(request, user, database, form, failure=Failure(error), status=error.status)
    messages.success(request, _("What is kept is saved."))
    return redirect("backups:cleanup", database_id=database.pk)


def _clean(request: HttpRequest, user: User, database: Database) -> HttpResponse:
    must_have(user, "backups.delete_backup", database.company)
    try:
        named = [uuid.UUID(pk) for pk in request.POST.getlist("named")]
    except ValueError:
        return HttpResponse(status=400)
    confirmed = request.POST.get("confirmed") == "yes"
    done = clean_database(database=database, actor=user, named=named, confirmed=confirmed)
    count = len(done.removed) if done else 0
    words = ngettext("%(count)d backup is removed.", "%(count)d backups are removed.", count)
    messages.success(request, words % {"count": count})
    return redirect("backups:cleanup", database_id=database.pk)


def _show(
    request: HttpRequest,
    user: User,
    database: Database,
    form: PolicyForm,
    *,
    failure: Failure | None = None,
    status: int = 200,
) -> HttpResponse:
    now = database_now()
    preview = preview_cleanup(database=database)
    tonight = preview_cleanup(database=database, at=next_night(now))
    going = {one.pk for one in preview.going}
    stop = preview.stop or database.cleanup_stopped
    context = {
        "database": database,
        "now": preview,
        "tonight": tonight,
        "night": tonight.at,
        "later": [one for one in tonight.going if one.pk not in going],
        "stop": STOPS[Stop(stop)] if stop else "",
        "bytes": sum(one.size_bytes or 0 for one in preview.going),
        "form": form,
        "failure": failure,
        "mistakes": mistakes(form) if form.is_bound and form.errors else [],
        "may_clean": user.may("backups.delete_backup", database.company),
        "may_change": user.may("backups.change_database", database.company),
        "last": database.cleanups.exclude(ended_at=None).first(),
    }
    return render(request, "backups/cleanup.html", context, status=status)
