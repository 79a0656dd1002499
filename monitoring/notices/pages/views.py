"""What holds now and what is to come, a form for another, and a button to take one back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from access.models import User
from access.pages.gate import must_have, person
from access.policy import NotAllowed
from monitoring.notices.models import Notice
from monitoring.notices.pages.form import NoticeForm
from monitoring.notices.selectors import not_over, notices_for
from monitoring.notices.services import ADD, may_post, post_notice, withdraw_notice

ROWS = 50


@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    user = person(request)
    must_have(user, ADD)
    form = NoticeForm(request.POST or None, actor=user)
    if request.method == "POST" and form.is_valid():
        try:
            post_notice(actor=user, **form.values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Everyone who is here sees it now."))
            return redirect("notices:list")
    context = {"form": form, "rows": _rows(user)}
    return render(request, "notices/list.html", context, status=400 if form.errors else 200)


@require_POST
def withdraw(request: HttpRequest, notice_id: int) -> HttpResponse:
    user = person(request)
    notice = get_object_or_404(notices_for(user), pk=notice_id)
    try:
        withdraw_notice(actor=user, notice=notice)
    except NotAllowed as error:
        raise PermissionDenied from error
    messages.success(request, _("It is withdrawn."))
    return redirect("notices:list")


def _rows(user: User) -> list[tuple[Notice, bool]]:
    """With whether this person may take it back."""
    rows = not_over(notices_for(user)).select_related("company")[:ROWS]
    return [(row, may_post(user, row.company)) for row in rows]
