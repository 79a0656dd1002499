"""The form of a new personal token: a name, what it may at most, and how long."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.roles import Role
from access.tokens import scopes_for

DAYS = [("7", _("7 days")), ("30", _("30 days")), ("90", _("90 days")), ("365", _("one year"))]


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scope = forms.ChoiceField(label=_("It may, at most"), required=False)
    days = forms.ChoiceField(label=_("It ends after"), choices=DAYS, initial="90")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        kwargs["auto_id"] = "token_%s"  # the password's form is on the same page
        super().__init__(*args, **kwargs)
        scope = self.fields["scope"]
        assert isinstance(scope, forms.ChoiceField)
        roles = [(role, Role(role).label) for role in scopes_for(user)]
        scope.choices = [("", _("All that I may")), *roles]

    def lifetime(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["days"]))
