"""The page that asks once more who sits there, and leads back (access.reauthentication)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from access import lockout, reauthentication
from access.pages.gate import person
from access.pages.second_factor_forms import CodeForm
from access.second_factor.policy import has_one
from access.second_factor.said import SENTENCES
from access.second_factor.services import Answer


class PasswordForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "autofocus": True},
        ),
    )


class AnswerForm(CodeForm):
    """Under the name that the page asks for, whatever it asks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"] = self.fields.pop("code")


@sensitive_post_parameters("answer")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    back = _safe(request)
    asks_code = has_one(user)
    form = (AnswerForm if asks_code else PasswordForm)(request.POST or None)
    if request.method == "POST":
        if lockout.is_locked_out(request, user):
            return lockout.answer_locked_out(request)
        if form.is_valid():
            found = reauthentication.confirm(request, user=user, answer=form.cleaned_data["answer"])
            if found == Answer.RIGHT:
                return redirect(back)
            said = SENTENCES[found] if asks_code else _("This is not your password.")
            form.add_error("answer", said)
    context = {"form": form, "next": back, "minutes": reauthentication.MINUTES}
    status = 400 if form.errors else 200
    return render(request, "access/confirm.html", context, status=status)


def _safe(request: HttpRequest) -> str:
    """Where to go on; an address of another host is none."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_safe else "/"
