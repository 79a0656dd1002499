"""The admin of expected backups and what arrived. Jobs are changed through their verbs."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from access.models import User
from access.policy import NotAllowed
from access.scoped_admin import CappedPaginator, RecordAdmin, ScopedAdmin
from look.badges import badge
from look.sizes import SizeField
from look.templatetags.look import ago
from look.units import size
from monitoring.expected.errors import BadField, ExpectedError
from monitoring.expected.fields import FIELDS, assign
from monitoring.expected.jobs import create_job, delete_job, update_job
from monitoring.expected.models import BackupEntry, ExpectedBackupJob
from monitoring.expected.timings import check_times


class JobForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The fields are checked where all jobs are: by the same table as in the API."""

    days_of_week = forms.JSONField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 1}),
        help_text=_("A list; 0 is Monday, 6 Sunday."),
    )
    notification_recipients = forms.JSONField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("A list of mail addresses."),
    )

    min_size_bytes = SizeField(
        label=_("Smallest size"), required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = ExpectedBackupJob
        fields = ["company", *FIELDS]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name in ("days_of_week", "notification_recipients"):
            found[name] = found.get(name) or []
        job = ExpectedBackupJob()
        try:
            assign(job, {name: as_given(found[name]) for name in FIELDS if name in found})
            if not self.errors:
                check_times(job)
        except BadField as error:
            raise ValidationError({error.option: str(error)}) from error
        return found


def as_given(value: Any) -> Any:
    """What a form has read, in the form in which the table of fields takes it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


@admin.register(ExpectedBackupJob)
class ExpectedBackupJobAdmin(ScopedAdmin):
    form = JobForm
    paginator = CappedPaginator
    list_display = ["database_name", "city", "state", "agent_id_responsible", "next_at", "company"]
    list_filter = ["current_status", "backup_frequency", "is_active", "company"]
    search_fields = ["database_name", "city", "agent_id_responsible"]
    list_select_related = ["company"]
    fields = ["company", *FIELDS]

    @admin.display(description=_("status"), ordering="current_status")
    def state(self, job: ExpectedBackupJob) -> SafeString:
        return badge(job.current_status)

    @admin.display(description=_("expected next"), ordering="next_expected_at")
    def next_at(self, job: ExpectedBackupJob) -> str:
        return f"{job.next_expected_at:%Y-%m-%d %H:%M}" if job.next_expected_at else ""

    def save_model(
        self, request: HttpRequest, obj: ExpectedBackupJob, form: Any, change: bool
    ) -> None:
        actor = request.user
        if not isinstance(actor, User):
            raise PermissionDenied
        values = {name: as_given(form.cleaned_data[name]) for name in FIELDS}
        values["company_name"] = obj.company.name
        try:
            if change:
                job = ExpectedBackupJob.objects.get(pk=obj.pk)
                update_job(job=job, actor=actor, **values)
            else:
                made = create_job(actor=actor, **values)
                obj.pk, obj._state.adding = made.pk, False
        except (NotAllowed, ExpectedError) as error:
            raise PermissionDenied(str(error)) from error

    def delete_model(self, request: HttpRequest, obj: ExpectedBackupJob) -> None:
        assert isinstance(request.user, User)
        delete_job(job=obj, actor=request.user)

    def record(self, request: HttpRequest, verb: str, thing: Any, message: Any) -> None:
        """The verbs have written it."""


@admin.register(BackupEntry)
class BackupEntryAdmin(RecordAdmin):
    paginator = CappedPaginator
    list_display = ["job", "state", "expected_at", "received", "size_words", "source"]
    list_filter = ["status", "source", "company"]
    search_fields = ["job__database_name", "job__city", "backup_hash"]
    list_select_related = ["job"]

    @admin.display(description=_("status"), ordering="status")
    def state(self, entry: BackupEntry) -> SafeString:
        return badge(entry.status)

    @admin.display(description=_("received"))
    def received(self, entry: BackupEntry) -> SafeString | str:
        return ago(entry.received_at)

    @admin.display(description=_("size"))
    def size_words(self, entry: BackupEntry) -> str:
        return size(entry.backup_size_bytes)
