"""The fields for a code, and what stands on the page that sets a phone up."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.second_factor import codes
from access.second_factor.pending import draft_key

_CODE = {
    "autocomplete": "one-time-code",
    "autocapitalize": "none",
    "spellcheck": "false",
    "autofocus": True,
}


class PhoneCodeForm(forms.Form):
    """For the page that sets a phone up: digits alone."""

    code = forms.CharField(
        label=_("The six digits that it shows"),
        max_length=20,
        widget=forms.TextInput(attrs={**_CODE, "inputmode": "numeric"}),
    )


class CodeForm(forms.Form):
    """For a login: a recovery code does, too."""

    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        widget=forms.TextInput(attrs=_CODE),
        help_text=_("The six digits of your phone, or one of your recovery codes."),
    )


def set_up_context(request: HttpRequest, user: User, form: PhoneCodeForm) -> dict[str, Any]:
    key = draft_key(request, user)
    place = request.get_host()
    return {
        "form": form,
        "key": codes.readable(key),
        "qr": codes.qr_code(codes.key_uri(key, name=user.get_username(), place=place)),
    }
