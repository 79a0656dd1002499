"""The form of a channel: lists are a line each, its address is never shown again."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from access.models import Company, User
from access.policy import companies_where
from monitoring.alerts.channels import FIELDS
from monitoring.alerts.models import Channel

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Channel]
else:
    ModelForm = forms.ModelForm

_TIME = {"type": "time"}


class Lines(forms.CharField):
    """A text with a value in each line, as a list."""

    def __init__(self, **options: Any) -> None:
        attributes = {"rows": 2, **options.pop("attributes", {})}
        super().__init__(required=False, widget=forms.Textarea(attrs=attributes), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = str(super().clean(value) or "")
        return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]


class ChannelForm(ModelForm):
    recipients = Lines(
        label=_("Recipients"),
        help_text=_("Mail addresses, one a line."),
        attributes={"placeholder": "ops@example.org"},
    )
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "placeholder": "ntfys://…"}),
    )
    rules = Lines(
        label=_("Only rules that begin so"),
        help_text=_("Such as backup. or storage., one a line. Empty: all."),
    )
    about = Lines(
        label=_("Only about"),
        help_text=_("Names of databases or storages, one a line. Empty: all."),
    )

    class Meta:
        model = Channel
        fields = FIELDS
        widgets = {
            "quiet_from": forms.TimeInput(attrs=_TIME, format="%H:%M"),
            "quiet_to": forms.TimeInput(attrs=_TIME, format="%H:%M"),
            "digest_at": forms.TimeInput(attrs=_TIME, format="%H:%M"),
        }
        help_texts = {
            "digest_at": _("One message a day in place of many. What is critical goes at once."),
            "quiet_from": _("What is critical goes all the same; the rest waits."),
            "after_count": _("Of what happens again and again, such as failed backups."),
            "repeat_minutes": _("Empty: it is said once."),
        }

    TO = ("name", "kind", "recipients", "address", "enabled")
    WHAT = ("least_severity", "rules", "about", "after_count", "on_recovery")
    WHEN = ("repeat_minutes", "digest_at", "quiet_from", "quiet_to", "time_zone")

    def __init__(self, given: Any, *, user: User, channel: Channel | None = None) -> None:
        super().__init__(given, instance=channel)
        self.channel = channel
        if channel is None:
            self.initial["time_zone"] = settings.TIME_ZONE
        self.user = user
        self.companies = list(companies_where(user, "monitoring.add_channel"))
        if channel is None and (user.is_superuser or len(self.companies) > 1):
            self.fields["company"] = forms.ModelChoiceField(
                companies_where(user, "monitoring.add_channel"),
                label=_("Company"),
                required=not user.is_superuser,
                empty_label=_("All companies") if user.is_superuser else None,
            )
        said = _(
            "Of a service, such as ntfys://HOST/TOPIC or slack://…; for mail a server of its own,"
            " smtp+tls://USER:PASSWORD@HOST:587. Kept encrypted, and never shown again."
        )
        if channel is not None:
            said = _("Leave it empty to keep the one that is stored.")
        self.fields["address"].help_text = said

    def _post_clean(self) -> None:
        """The verb checks the whole channel; its mistakes are shown at their fields."""

    @property
    def company(self) -> Company | None:
        if "company" in self.fields:
            chosen = self.cleaned_data.get("company")
            return chosen if isinstance(chosen, Company) else None
        return self.companies[0]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in FIELDS}

    @property
    def to_fields(self) -> list[forms.BoundField]:
        more = ("company",) if "company" in self.fields else ()
        return [self[name] for name in (*self.TO, *more)]

    @property
    def what_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.WHAT]

    @property
    def when_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.WHEN]
