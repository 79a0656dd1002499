"""Making, rotating and revoking one's own tokens. A token's text is on one page, once."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from access.models import Token, User
from access.pages.account import show
from access.pages.gate import person
from access.pages.token_form import TokenForm
from access.reauthentication import require_recent
from access.tokens import TokenError, create_token, revoke_token, rotate_token, tokens_of


@require_POST
@never_cache
@require_recent
def token_create(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = TokenForm(request.POST, user=user)
    if not form.is_valid():
        return show(request, user, token_form=form, status=400)
    name = form.cleaned_data["name"]
    try:
        text = create_token(
            user=user,
            name=name,
            actor=user,
            lifetime=form.lifetime(),
            scope=form.cleaned_data["scope"],
        )
    except TokenError as error:
        form.add_error(None, str(error))
        return show(request, user, token_form=form, status=400)
    return _show_once(request, name, text)


@require_POST
@never_cache
@require_recent
def token_rotate(request: HttpRequest, token_id: int) -> HttpResponse:
    user = person(request)
    token = _own(user, token_id)
    return _show_once(request, token.name, rotate_token(token=token, actor=user))


@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    user = person(request)
    revoke_token(token=_own(user, token_id), actor=user)
    messages.success(request, _("The token is revoked."))
    return redirect("access:account")


def _own(user: User, token_id: int) -> Token:
    """Answers 404 alike for a missing token and for another's."""
    found = tokens_of(user).filter(pk=token_id).first()
    if found is None:
        raise Http404
    return found


def _show_once(request: HttpRequest, name: str, text: str) -> HttpResponse:
    answer = render(request, "access/token_shown.html", {"name": name, "token": text})
    answer["Cache-Control"] = "no-store"
    return answer
