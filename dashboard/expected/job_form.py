"""The form of an expected backup: from whom, when, what it has to be like, who hears of it.

Its values go out in the words of the API, so each is checked by the same table as there.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from access.models import Agent, User
from access.policy import companies_where
from backups.models import Database
from backups.pages.forms import NamesField
from dashboard.expected.times_form import TimesForm, times_of
from look.sizes import SizeField
from monitoring.expected.fields import FIELDS
from monitoring.expected.final_paths import DEFAULT_TEMPLATE
from monitoring.expected.jobs import ADD
from monitoring.expected.models import ExpectedBackupJob

MOST_SUGGESTED = 500


def _maybe(label: Any, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=1, help_text=help_text)


class JobForm(TimesForm):
    company_name = forms.CharField(
        label=_("Company"),
        max_length=200,
        widget=forms.TextInput(attrs={"list": "companies"}),
    )
    city = forms.CharField(label=_("City"), max_length=100)
    database_name = forms.CharField(label=_("Name of the database"), max_length=255)
    agent_id_responsible = forms.CharField(
        label=_("Agent"),
        max_length=100,
        widget=forms.TextInput(attrs={"list": "agents"}),
        help_text=_("Who sends it. It may be registered later, under this id."),
    )
    grace_minutes = forms.IntegerField(
        label=_("Grace in minutes"),
        min_value=0,
        initial=60,
        help_text=_("So much after its time it is missing."),
    )
    early_minutes = forms.IntegerField(
        label=_("Early by minutes"),
        min_value=0,
        initial=60,
        help_text=_("So much before its time it counts already."),
    )
    first_report_by = forms.DateTimeField(
        label=_("First report until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("A new agent has until then for its very first one."),
    )
    end_within_minutes = _maybe(
        _("End within minutes"), _("A run that said start and does not end fails after so long.")
    )
    min_run_seconds = _maybe(_("Shortest run in seconds"), _("A shorter one is a warning."))
    max_run_seconds = _maybe(_("Longest run in seconds"), _("A longer one is a warning."))
    min_size_bytes = SizeField(
        label=_("Smallest size"),
        required=False,
        help_text=_("A smaller backup has failed. As in 500 MB, 1.5 GiB, or bytes alone."),
    )
    max_size_change_percent = _maybe(
        _("Change of size in percent"), _("More than that, against the median, is a warning.")
    )
    size_history = forms.IntegerField(
        label=_("Median of the last"),
        min_value=1,
        max_value=90,
        initial=7,
        help_text=_("So many successes are what is usual."),
    )
    max_age_hours = _maybe(
        _("Oldest success in hours"), _("Somebody is told when the newest one is older.")
    )
    require_content_check = forms.BooleanField(
        label=_("Its content has to be checked"),
        required=False,
        help_text=_("Without a check of what is in it, a success has a warning."),
    )
    notification_recipients = NamesField(
        label=_("Tell these, too"),
        placeholder="ops@example.com",
        help_text=_("Mail addresses, one a line, besides the channels."),
    )
    final_storage_path_template = forms.CharField(
        label=_("Final path"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "mono", "placeholder": DEFAULT_TEMPLATE}),
        help_text=_(
            "Where what is sent is kept, of {company_name} {city} {database_name} {agent_id} "
            "{year} {month} {day} {hour} {minute} {timestamp} {status} {ext}."
        ),
    )
    database = forms.ModelChoiceField(
        Database.objects.none(),
        label=_("Linked database"),
        required=False,
        empty_label=_("None"),
        help_text=_("One that Holdfast backs up itself: each of its backups counts here."),
    )

    WHOSE: tuple[str, ...] = ("company_name", "city", "database_name", "agent_id_responsible")
    RULES = (
        *("min_size_bytes", "max_size_change_percent", "size_history", "max_age_hours"),
        *("end_within_minutes", "first_report_by", "min_run_seconds", "max_run_seconds"),
        "require_content_check",
    )
    KEPT: tuple[str, ...] = ("notification_recipients", "final_storage_path_template", "database")

    def __init__(
        self, *args: Any, user: User, job: ExpectedBackupJob | None = None, **kwargs: Any
    ) -> None:
        self.job, self.linked = job, None
        if job is not None:
            self.linked = Database.objects.visible_to(user).filter(expected_job=job).first()
            kwargs["initial"] = {**_initial(job), "database": self.linked}
        super().__init__(*args, **kwargs)
        self.companies = list(companies_where(user, ADD).order_by("name")[:MOST_SUGGESTED])
        self.agents = _suggested_agents(user)
        self._offer_companies(user)
        self._offer_databases(user)

    def _offer_companies(self, user: User) -> None:
        if self.job is not None and len(self.companies) < 2 and not user.is_superuser:
            # There is none to move it to.
            del self.fields["company_name"]
            self.WHOSE = self.WHOSE[1:]
        elif self.job is not None:
            self.fields["company_name"].help_text = _("Moved, it takes along what arrived of it.")
        elif user.is_superuser:
            self.fields["company_name"].help_text = _("A new name makes a new company.")
        elif len(self.companies) == 1:
            self.fields["company_name"].initial = self.companies[0].name

    def _offer_databases(self, user: User) -> None:
        companies = companies_where(user, "backups.change_database")
        rows = Database.objects.filter(company__in=companies, expected_job=None)
        if self.job is not None:
            own = Database.objects.filter(company__in=companies, expected_job=self.job)
            rows = (rows | own).filter(company=self.job.company)
        field = self.fields["database"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows.order_by("name")
        if not rows.exists():
            del self.fields["database"]
            self.KEPT = self.KEPT[:-1]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        moves = self.job is not None and "company_name" in self.changed_data
        if moves and found.get("database", self.linked) is not None:
            said = _("A database stays in its company. Choose none to move what is expected.")
            self.add_error("database" if "database" in self.fields else None, said)
        return found

    def values(self) -> dict[str, Any]:
        """In the words of the API; of a job that is there only what was changed."""
        changed = set(self.fields) if self.job is None else set(self.changed_data)
        given = {
            name: _as_given(self.cleaned_data[name])
            for name in (*FIELDS, "company_name")
            if name in self.cleaned_data and name in changed and name not in self.TIMES
        }
        return {**given, **self.times()} if changed & set(self.TIMES) else given

    @property
    def whose_fields(self) -> list[forms.BoundField]:
        return self.group(self.WHOSE)

    @property
    def grace_fields(self) -> list[forms.BoundField]:
        return self.group(("grace_minutes", "early_minutes"))

    @property
    def rule_fields(self) -> list[forms.BoundField]:
        return self.group(self.RULES)

    @property
    def kept_fields(self) -> list[forms.BoundField]:
        return self.group(self.KEPT)


def _suggested_agents(user: User) -> list[str]:
    rows = Agent.objects.visible_to(user).order_by("agent_id")
    return list(rows.values_list("agent_id", flat=True)[:MOST_SUGGESTED])


def _as_given(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _initial(job: ExpectedBackupJob) -> dict[str, Any]:
    found = {name: getattr(job, name) for name in FIELDS if name in JobForm.base_fields}
    found["notification_recipients"] = "\n".join(job.notification_recipients)
    if job.first_report_by is not None:
        found["first_report_by"] = job.first_report_by.replace(second=0, microsecond=0)
    return {**found, "company_name": job.company.name, **times_of(job)}
