"""When a backup is expected, as a person says it: a frequency, a time and its zone, or cron."""

from datetime import time
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from backups.pages.time_fields import at_field, cron_field, zone_field
from monitoring.expected.models import ExpectedBackupJob
from monitoring.expected.states import Frequency

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
# Under which field of the form a mistake of the API's field is said.
FIELD_OF = dict.fromkeys(("expected_hour_utc", "expected_minute_utc", "local_time"), "at")


class TimesForm(forms.Form):
    """Read by the preview alone, too."""

    backup_frequency = forms.ChoiceField(
        label=_("How often"), choices=Frequency.choices, initial=Frequency.DAILY
    )
    at = at_field("03:00")
    days_of_week = forms.TypedMultipleChoiceField(
        label=_("On"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    day_of_month = forms.IntegerField(
        label=_("Day of the month"),
        min_value=1,
        max_value=31,
        required=False,
        help_text=_("31 is the last day of every month."),
    )
    cron = cron_field()
    timezone = zone_field()

    TIMES = ("backup_frequency", "at", "timezone", "days_of_week", "day_of_month", "cron")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        often = found.get("backup_frequency")
        if often == Frequency.CUSTOM:
            self._need("cron", _t("Give an expression."))
        elif often:
            self._need("at", _t("Give a time of the day."))
        if often == Frequency.WEEKLY:
            self._need("days_of_week", _t("Choose its days."))
        if often == Frequency.MONTHLY:
            self._need("day_of_month", _t("A monthly backup needs its day of the month."))
        return found

    def _need(self, name: str, words: str) -> None:
        if name not in self.errors and self.cleaned_data.get(name) in (None, "", []):
            self.add_error(name, words)

    def times(self) -> dict[str, Any]:
        """All times, in the words of the API; what the frequency has no use for is left out."""
        given, often = self.cleaned_data, self.cleaned_data["backup_frequency"]
        at, is_utc = given["at"], given["timezone"] == "UTC"
        found: dict[str, Any] = {
            "backup_frequency": often,
            "timezone": given["timezone"],
            "expected_hour_utc": None,
            "expected_minute_utc": None,
            "local_time": None,
            "days_of_week": given["days_of_week"] if often == Frequency.WEEKLY else [],
            "day_of_month": given["day_of_month"] if often == Frequency.MONTHLY else None,
            "cron": given["cron"] if often == Frequency.CUSTOM else "",
        }
        if often == Frequency.CUSTOM:
            return found
        if not is_utc:
            return {**found, "local_time": f"{at:%H:%M}"}
        hour = None if often == Frequency.HOURLY else at.hour
        return {**found, "expected_hour_utc": hour, "expected_minute_utc": at.minute}

    def group(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    @property
    def time_fields(self) -> list[forms.BoundField]:
        return self.group(self.TIMES)


def times_of(job: ExpectedBackupJob) -> dict[str, Any]:
    """A job's times as the form shows them."""
    at, zone = time(job.expected_hour_utc or 0, job.expected_minute_utc or 0), "UTC"
    if job.local_time is not None:
        at, zone = job.local_time, job.timezone
    if job.backup_frequency == Frequency.CUSTOM:
        zone = job.timezone
    return {"at": at, "timezone": zone}
