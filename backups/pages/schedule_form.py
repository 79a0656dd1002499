"""The form of a schedule: a simple frequency or cron, where to, what to keep, what to do when
something is away."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.policy import companies_where
from backups.models import BackupSchedule, Database
from backups.options import LABEL
from backups.pages.time_fields import at_field, clock_input, cron_field, zone_field
from backups.retention import RETENTION
from backups.scheduling.targets import storages_of
from monitoring.times.zones import known_zones
from storage.models import StorageTarget

OFTEN = {
    "hourly": _("Each hour"),
    "daily": _("Each day"),
    "weekly": _("Each week"),
    "monthly": _("Each month, on its first day"),
    "minutes": _("Every so many minutes"),
    "cron": _("By a cron expression"),
}
WEEKDAYS = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (0, _("Sunday")),
]
_SIMPLE = {
    "hourly": re.compile(r"(?P<minute>\d+) \* \* \* \*"),
    "daily": re.compile(r"(?P<minute>\d+) (?P<hour>\d+) \* \* \*"),
    "weekly": re.compile(r"(?P<minute>\d+) (?P<hour>\d+) \* \* (?P<weekday>[0-6])"),
    "monthly": re.compile(r"(?P<minute>\d+) (?P<hour>\d+) 1 \* \*"),
}


class TimesForm(forms.Form):
    """When: read by the preview alone, too."""

    often = forms.ChoiceField(label=_("How often"), choices=list(OFTEN.items()), initial="daily")
    at = at_field("02:30")
    weekday = forms.TypedChoiceField(
        label=_("On"), choices=WEEKDAYS, coerce=int, initial=1, required=False
    )
    interval_minutes = forms.IntegerField(
        label=_("Minutes"), min_value=1, max_value=366 * 24 * 60, initial=60, required=False
    )
    cron = cron_field()
    time_zone = zone_field()
    window_from = forms.TimeField(
        label=_("Only from"),
        required=False,
        widget=clock_input(),
        help_text=_("Runs begin between these hours alone; empty: at any."),
    )
    window_to = forms.TimeField(
        label=_("until"),
        required=False,
        widget=clock_input(),
    )
    jitter_minutes = forms.IntegerField(
        label=_("Spread over, in minutes"),
        min_value=0,
        max_value=1440,
        initial=0,
        required=False,
        help_text=_("Begins up to so much later, so that not all begin at once."),
    )

    TIMES = ("often", "at", "weekday", "interval_minutes", "cron", "time_zone")
    MORE_TIMES = ("window_from", "window_to", "jitter_minutes")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if bool(found.get("window_from")) != bool(found.get("window_to")):
            self.add_error("window_to", _t("Give both hours, or none."))
        often = found.get("often")
        if often == "cron" and not found.get("cron"):
            self.add_error("cron", _t("Give an expression."))
        if often == "minutes" and not found.get("interval_minutes"):
            self.add_error("interval_minutes", _t("Give a number of minutes."))
        if often in _SIMPLE and not found.get("at"):
            self.add_error("at", _t("Give a time of the day."))
        if often == "weekly" and found.get("weekday") == "":
            self.add_error("weekday", _t("Give a day of the week."))
        return found

    def times(self) -> dict[str, Any]:
        """In the words of `backups.schedules`."""
        given = self.cleaned_data
        found: dict[str, Any] = {
            "time_zone": given["time_zone"],
            "jitter_minutes": given["jitter_minutes"] or 0,
            "window": None,
        }
        if given["window_from"]:
            found["window"] = {
                "from": f"{given['window_from']:%H:%M}",
                "to": f"{given['window_to']:%H:%M}",
            }
        if given["often"] == "minutes":
            return {**found, "interval_minutes": given["interval_minutes"]}
        return {**found, "cron": self._cron()}

    def _cron(self) -> str:
        given, at = self.cleaned_data, self.cleaned_data["at"]
        if given["often"] == "cron":
            return str(given["cron"])
        minute, hour = at.minute, at.hour
        return {
            "hourly": f"{minute} * * * *",
            "daily": f"{minute} {hour} * * *",
            "weekly": f"{minute} {hour} * * {given['weekday']}",
            "monthly": f"{minute} {hour} 1 * *",
        }[given["often"]]


class ScheduleForm(TimesForm):
    name = forms.CharField(label=_("Name"), max_length=100)
    database = forms.ModelChoiceField(
        Database.objects.none(), label=_("Database"), empty_label=None
    )
    storage = forms.ModelChoiceField(
        StorageTarget.objects.none(),
        label=_("Storage"),
        required=False,
        empty_label=_("The default one"),
    )
    fallback = forms.ModelChoiceField(
        StorageTarget.objects.none(),
        label=_("When that is away or full"),
        required=False,
        empty_label=_("No other"),
    )
    label = forms.RegexField(
        rf"^{LABEL.pattern}\Z",
        label=_("Label"),
        required=False,
        max_length=40,
        help_text=_("Becomes part of the file names."),
    )
    retries = forms.IntegerField(
        label=_("Further tries"),
        min_value=0,
        max_value=10,
        initial=2,
        help_text=_("Only of a server or storage that is away."),
    )
    retry_minutes = forms.IntegerField(
        label=_("Minutes before the first"),
        min_value=1,
        max_value=1440,
        initial=5,
        help_text=_("Then twice as long each time."),
    )
    keep_last = forms.IntegerField(label=_("The last"), min_value=0, required=False)
    keep_days = forms.IntegerField(label=_("Days"), min_value=0, required=False)
    keep_hourly = forms.IntegerField(label=_("Hourly"), min_value=0, required=False)
    keep_daily = forms.IntegerField(label=_("Daily"), min_value=0, required=False)
    keep_weekly = forms.IntegerField(label=_("Weekly"), min_value=0, required=False)
    keep_monthly = forms.IntegerField(label=_("Monthly"), min_value=0, required=False)
    keep_yearly = forms.IntegerField(label=_("Yearly"), min_value=0, required=False)

    MAIN = ("name", "database")
    WHERE = ("storage", "fallback", "label", "retries", "retry_minutes")
    KEEP = tuple(f"keep_{name}" for name in RETENTION)

    def __init__(
        self, *args: Any, user: User, schedule: BackupSchedule | None = None, **kwargs: Any
    ) -> None:
        self.schedule = schedule
        if schedule is not None:
            kwargs["initial"] = {**initial_of(schedule), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        verb = "add" if schedule is None else "change"
        companies = companies_where(user, f"backups.{verb}_backupschedule")
        databases, targets = Database.objects.filter(company__in=companies), StorageTarget.objects
        if schedule is not None:
            databases = databases.filter(pk=schedule.database_id)
            self.fields["database"].disabled = True
            companies = companies.filter(pk=schedule.company_id)
        self._among("database", databases)
        for name in ("storage", "fallback"):
            self._among(name, targets.filter(company__in=companies))

    def values(self) -> dict[str, Any]:
        """Everything but the database, in the words of `backups.schedules`."""
        given = self.cleaned_data
        chosen = [given[name] for name in ("storage", "fallback") if given[name] is not None]
        options = dict(self.schedule.options) if self.schedule else {}
        options.pop("label", None)
        if given["label"]:
            options["label"] = given["label"]
        kept = {name: given[f"keep_{name}"] for name in RETENTION}
        return {
            **self.times(),
            "name": given["name"],
            "storages": [*dict.fromkeys([*chosen, *self._further()])],
            "options": options,
            "retries": given["retries"],
            "retry_minutes": given["retry_minutes"],
            "retention": kept if any(value is not None for value in kept.values()) else None,
        }

    def _further(self) -> list[StorageTarget]:
        """Those behind the second: given by the API, and not lost by this form."""
        return storages_of([self.schedule])[self.schedule.pk][2:] if self.schedule else []

    def _among(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def group(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        return [self[name] for name in names]

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return self.group(self.MAIN)

    @property
    def time_fields(self) -> list[forms.BoundField]:
        return self.group(self.TIMES)

    @property
    def more_time_fields(self) -> list[forms.BoundField]:
        return self.group(self.MORE_TIMES)

    @property
    def where_fields(self) -> list[forms.BoundField]:
        return self.group(self.WHERE)

    @property
    def keep_fields(self) -> list[forms.BoundField]:
        return self.group(self.KEEP)


def initial_of(schedule: BackupSchedule) -> dict[str, Any]:
    """A schedule as the form shows it: simple, where its expression is."""
    storages = storages_of([schedule])[schedule.pk]
    found: dict[str, Any] = {
        name: getattr(schedule, name)
        for name in (
            *("name", "database", "time_zone", "window_from", "window_to", "jitter_minutes"),
            *("retries", "retry_minutes", *ScheduleForm.KEEP),
        )
    }
    found["label"] = schedule.options.get("label", "")
    found["storage"], found["fallback"] = [*storages, None, None][:2]
    if not schedule.cron:
        return {**found, "often": "minutes", "interval_minutes": schedule.interval_minutes}
    found["cron"] = schedule.cron
    for often, shape in _SIMPLE.items():
        match = shape.fullmatch(schedule.cron)
        if match:
            parts = {name: int(text) for name, text in match.groupdict().items()}
            at = f"{parts.get('hour', 0):02}:{parts['minute']:02}"
            return {**found, "often": often, "at": at, "weekday": parts.get("weekday", 1)}
    return {**found, "often": "cron"}


def zones() -> list[str]:
    return sorted(zone for zone in known_zones() if "/" in zone or zone == "UTC")
