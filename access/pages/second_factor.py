"""One's own second factor: set a phone up, new recovery codes, turn it off. All ask who it is."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from access.pages.gate import person
from access.pages.second_factor_forms import PhoneCodeForm, set_up_context
from access.reauthentication import require_recent
from access.second_factor import pending
from access.second_factor.services import (
    SecondFactorError,
    disable,
    enable,
    renew_recovery_codes,
)
from access.sessions import remember


@sensitive_post_parameters("code")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@require_recent
def set_up(request: HttpRequest) -> HttpResponse:
    """Also in place of one that is there: to another phone."""
    user = person(request)
    form = PhoneCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = pending.draft_key(request, user)
        here = request.session.session_key
        try:
            made = enable(user=user, key=key, code=form.cleaned_data["code"], session=here)
        except SecondFactorError as error:
            form.add_error("code", str(error))
        else:
            pending.drop_draft(request)
            # Who knew the key of this session from before knows it no more.
            request.session.cycle_key()
            remember(request, user)
            return render(request, "access/recovery_codes.html", {"codes": made})
    status = 400 if form.errors else 200
    context = set_up_context(request, user, form)
    return render(request, "access/second_factor.html", context, status=status)


@require_POST
@never_cache
@require_recent
def new_codes(request: HttpRequest) -> HttpResponse:
    try:
        made = renew_recovery_codes(user=person(request))
    except SecondFactorError as error:
        messages.error(request, str(error))
        return redirect("access:account")
    return render(request, "access/recovery_codes.html", {"codes": made})


@require_POST
@require_recent
def turn_off(request: HttpRequest) -> HttpResponse:
    try:
        disable(user=person(request))
    except SecondFactorError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The second factor is off: the password alone logs in."))
    return redirect("access:account")
