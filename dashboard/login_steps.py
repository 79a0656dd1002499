"""The second half of a login: the code, or setting up what is required. Open to half a login."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from access import audit, lockout
from access.models import User
from access.pages.second_factor_forms import CodeForm, PhoneCodeForm, set_up_context
from access.second_factor import pending
from access.second_factor.policy import has_one
from access.second_factor.said import SENTENCES
from access.second_factor.services import Answer, SecondFactorError, check, enable


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    user = pending.who(request)
    if user is None or not has_one(user):
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST":
        if lockout.is_locked_out(request, user):
            return lockout.answer_locked_out(request)
        if form.is_valid():
            found = check(user=user, answer=form.cleaned_data["code"])
            if found == Answer.RIGHT:
                goes_to = pending.end(request)
                enter(request, user)
                return redirect(goes_to)
            if found == Answer.WRONG:
                lockout.count_failure(request, user)
            form.add_error("code", SENTENCES[found])
    status = 400 if form.errors else 200
    context = {"form": form, "minutes": pending.MINUTES}
    return render(request, "dashboard/login_code.html", context, status=status)


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """For who must have one and has none: the login is whole when the phone's code is right."""
    user = pending.who(request)
    if user is None or has_one(user):
        return redirect("login")
    form = PhoneCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = pending.draft_key(request, user)
        try:
            made = enable(user=user, key=key, code=form.cleaned_data["code"], session=None)
        except SecondFactorError as error:
            form.add_error("code", str(error))
        else:
            goes_to = pending.end(request)
            pending.drop_draft(request)
            enter(request, user)
            context = {"codes": made, "goes_to": goes_to}
            return render(request, "access/recovery_codes.html", context)
    context = set_up_context(request, user, form)
    status = 400 if form.errors else 200
    return render(request, "dashboard/login_set_up.html", context, status=status)


def enter(request: HttpRequest, user: User) -> None:
    """The whole login, with its entry in the audit."""
    login(request, user)
    audit.record(actor=user, action="login.done", thing=user)
