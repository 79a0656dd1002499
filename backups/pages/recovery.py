"""The page of the recovery key: download it, try it, take it off this server."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from access.models import User
from access.reauthentication import require_recent
from backups.errors import BackupError, BadOption
from backups.keyring import RECOVERY_FILE, can_read
from backups.pages.failures import Failure
from backups.pages.permitted import person
from backups.recovery.challenges import LIFETIME, Challenge, new_challenge
from backups.recovery.services import download_key, rehearse_key, remove_secret
from backups.recovery.state import current_public, key_state, may_manage, targets_beside_key

SESSION_KEY = "recovery_challenge"


class PhraseForm(forms.Form):
    phrase = forms.CharField(
        label=gettext_lazy("The four words it prints"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class ConfirmationForm(forms.Form):
    confirmation = forms.CharField(
        label=gettext_lazy("The last six characters of the public key"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


@never_cache
@require_safe
def recovery_key(request: HttpRequest) -> HttpResponse:
    return _show(request, _manager(request))


@never_cache
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    # Who may not have it is told so, and not asked.
    _manager(request)
    return _download(request)


@require_recent
def _download(request: HttpRequest) -> HttpResponse:
    user = _manager(request)
    try:
        body = download_key(actor=user)
    except BackupError as error:
        return _show(request, user, failure=error)
    return _as_file(body, RECOVERY_FILE)


@never_cache
@require_safe
def challenge(request: HttpRequest) -> HttpResponse:
    """The challenge as a file, for those who would rather not paste."""
    _manager(request)
    return _as_file(_challenge_of(request).armored.encode() + b"\n", "challenge.age")


@sensitive_post_parameters("phrase")
@never_cache
@require_POST
def rehearse(request: HttpRequest) -> HttpResponse:
    user = _manager(request)
    try:
        rehearse_key(
            actor=user,
            # A session that has none gets one, to which no answer can be known.
            challenge=_kept(request) or new_challenge(public=current_public()),
            answer=request.POST.get("phrase", ""),
        )
    except BackupError as error:
        return _show(request, user, failure=error, at="phrase")
    request.session.pop(SESSION_KEY, None)
    messages.success(request, _("Right: your copy of the recovery key opens the backups."))
    return redirect("backups:recovery-key")


@never_cache
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    user = _manager(request)
    try:
        remove_secret(actor=user, confirmation=request.POST.get("confirmation", ""))
    except BackupError as error:
        return _show(request, user, failure=error, at="confirmation")
    messages.success(request, _("The recovery key is not on this server any more."))
    return redirect("backups:recovery-key")


def _manager(request: HttpRequest) -> User:
    user = person(request)
    if not may_manage(user):
        raise PermissionDenied
    return user


def _kept(request: HttpRequest) -> Challenge | None:
    return Challenge.of(request.session.get(SESSION_KEY))


def _challenge_of(request: HttpRequest) -> Challenge:
    """The one of this session, or a new one when there is none that can still be answered."""
    kept = _kept(request)
    public = current_public()
    if kept is not None and kept.public == public and not kept.has_expired():
        return kept
    made = new_challenge(public=public)
    request.session[SESSION_KEY] = made.as_dict()
    return made


def _as_file(body: bytes, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _show(
    request: HttpRequest, user: User, *, failure: BackupError | None = None, at: str = ""
) -> HttpResponse:
    """The page; `failure` stands at the field `at`, or above all when it is of no field."""
    state = key_state()
    asked = _challenge_of(request)
    wrong = isinstance(failure, BadOption) or (failure is not None and failure.status == 403)
    beside = targets_beside_key(actor=user) if state.secret_here else []
    context = {
        "state": state,
        "beside": beside,
        "beside_title": _("The key lies on the disk of the artifacts: %s.")
        % ", ".join(target.name for target in beside),
        "beside_cure": _("What takes one takes the other. Go through the steps below."),
        "can_read": can_read(),
        "write_only_title": _("This server holds public keys only."),
        "write_only_cure": _(
            "It checks and proves a backup while it makes it, and cannot read it later: "
            "then only its checksum is compared."
        ),
        "file": RECOVERY_FILE,
        "challenge": asked.armored,
        "minutes": round(LIFETIME.total_seconds() / 60),
        "phrase": _field(PhraseForm, failure if wrong and at == "phrase" else None),
        "confirmation": _field(
            ConfirmationForm, failure if wrong and at == "confirmation" else None
        ),
        "failure": Failure(failure) if failure and not wrong else None,
    }
    status = failure.status if failure else 200
    return render(request, "backups/recovery.html", context, status=status)


def _field(kind: type[forms.Form], failure: BackupError | None) -> forms.BoundField:
    """The form's one field, empty, with the failure as its mistake."""
    if failure is None:
        form = kind()
    else:
        form = kind(data={})
        form.errors.clear()
        form.add_error(next(iter(form.fields)), str(failure))
    return next(iter(form))
