"""One's own account: password, sessions, personal tokens. Nobody sees another's here."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from access import audit, lockout
from access.models import SecondFactor, User
from access.pages.gate import person
from access.pages.token_form import TokenForm
from access.reauthentication import confirm_address, is_recent
from access.second_factor.policy import is_required
from access.sessions import end_other_sessions, end_session, remember, sessions_of
from access.tokens import tokens_of


class PasswordForm(PasswordChangeForm):
    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": gettext_lazy("This is not your present password."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = gettext_lazy("Present password")
        first, second = self.fields["new_password1"], self.fields["new_password2"]
        first.label, second.label = gettext_lazy("New password"), gettext_lazy("Once more")
        first.help_text = gettext_lazy(
            "Ten characters or more; not a common one, not all digits, not like your name."
        )
        second.help_text = ""
        for field in self.fields.values():
            # A page that takes the focus at its third section is read from its end.
            field.widget.attrs.pop("autofocus", None)
            assert isinstance(field, forms.CharField)


@require_safe
@never_cache
def account(request: HttpRequest) -> HttpResponse:
    return show(request, person(request))


def show(
    request: HttpRequest,
    user: User,
    *,
    password_form: PasswordForm | None = None,
    token_form: TokenForm | None = None,
    status: int = 200,
) -> HttpResponse:
    here = request.session.session_key
    sessions = [(one, one.session_id == here) for one in sessions_of(user)]
    context = {
        "password_form": password_form or PasswordForm(user),
        "token_form": token_form or TokenForm(user=user),
        "sessions": sorted(sessions, key=lambda pair: not pair[1]),
        "tokens": tokens_of(user),
        "factor": SecondFactor.objects.filter(user=user).first(),
        "codes_left": user.recovery_codes.count(),
        "is_required": is_required(user),
        "is_recent": is_recent(request),
        "confirm": confirm_address(f"{reverse('access:account')}#tokens"),
    }
    return render(request, "access/account.html", context, status=status)


@sensitive_post_parameters()
@never_cache
@require_http_methods(["POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if lockout.is_locked_out(request, user):
        return lockout.answer_locked_out(request)
    form = PasswordForm(user, request.POST)
    if not form.is_valid():
        if form.has_error("old_password", "password_incorrect"):
            lockout.count_failure(request, user)
        return show(request, user, password_form=form, status=400)
    form.save()
    # Every other session ends with the old password; this one goes on under a new key.
    update_session_auth_hash(request, user)
    end_other_sessions(user=user, but=request.session.session_key)
    remember(request, user)
    audit.record(actor=user, action="password.changed", thing=user)
    messages.success(request, _("The password is changed, and all other sessions are ended."))
    return redirect("access:account")


@require_POST
def session_end(request: HttpRequest) -> HttpResponse:
    user = person(request)
    which = request.POST.get("session", "")
    if which == "others":
        end_other_sessions(user=user, but=request.session.session_key)
    elif not end_session(user=user, public_id=_uuid(which)):
        raise Http404
    messages.success(request, _("Ended."))
    return redirect("access:account")


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error
