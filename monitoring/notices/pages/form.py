"""The form of a notice. The service checks what it means; here it is only read."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.models import Company, User
from monitoring.notices.models import Notice
from monitoring.notices.services import audiences_of

EVERYONE = "*"
_MOMENT = "%Y-%m-%dT%H:%M"


def _moment(label: Any, hint: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        help_text=hint,
        input_formats=[_MOMENT, f"{_MOMENT}:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MOMENT),
    )


class NoticeForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120)
    message = forms.CharField(
        label=_("Message"), required=False, max_length=2000, widget=forms.Textarea({"rows": 3})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Notice.Kind.choices)
    level = forms.ChoiceField(label=_("Level"), choices=Notice.Level.choices)
    starts_at = _moment(_("From"), _("Empty: now."))
    ends_at = _moment(_("Until"), _("Empty: until it is withdrawn."))
    audience = forms.ChoiceField(label=_("For whom"))

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._audiences: dict[str, Company | None] = {
            str(one.pk) if one else EVERYONE: one for one in audiences_of(actor)
        }
        choices = [
            (key, one.name if one else _("Everyone")) for key, one in self._audiences.items()
        ]
        self.fields["audience"] = forms.ChoiceField(label=_("For whom"), choices=choices)

    def values(self) -> dict[str, Any]:
        """For `post_notice`."""
        found = dict(self.cleaned_data)
        company = self._audiences[found.pop("audience")]
        return {**found, "company": company}
