"""The admin of alerts: what was said and sent to be read, channels to be changed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.models import User
from access.policy import NotAllowed
from access.scoped_admin import CappedPaginator, RecordAdmin, ScopedAdmin
from look.badges import badge
from look.templatetags.look import ago
from monitoring.alerts.channels import (
    FIELDS,
    change_channel,
    check_channel,
    create_channel,
    remove_channel,
)
from monitoring.alerts.errors import BadOption
from monitoring.alerts.models import AgentWatch, Alert, Channel, Delivery, MaintenanceWindow
from monitoring.alerts.pages.channel_form import Lines, ModelForm


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    paginator = CappedPaginator
    list_display = ["subject", "state_badge", "rule", "about", "count", "company", "first", "last"]
    list_filter = ["severity", "rule", "company"]
    search_fields = ["subject", "text", "rule", "about"]
    list_select_related = ["company"]

    @admin.display(description=_("state"), ordering="resolved_at")
    def state_badge(self, alert: Alert) -> SafeString:
        return badge(alert.state)

    @admin.display(description=_("first seen"), ordering="first_seen_at")
    def first(self, alert: Alert) -> SafeString | str:
        return ago(alert.first_seen_at)

    @admin.display(description=_("last seen"), ordering="last_seen_at")
    def last(self, alert: Alert) -> SafeString | str:
        return ago(alert.last_seen_at)


@admin.register(AgentWatch)
class AgentWatchAdmin(RecordAdmin):
    company_path = "agent__company"
    list_display = ["agent", "heard", "silent_after_hours"]
    search_fields = ["agent__agent_id"]
    list_select_related = ["agent"]

    @admin.display(description=_("last heard"), ordering="heard_at")
    def heard(self, watch: AgentWatch) -> SafeString | str:
        return ago(watch.heard_at)


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    paginator = CappedPaginator
    list_display = ["alert", "kind", "channel_name", "status_badge", "attempts", "error", "sent_at"]
    list_filter = ["status", "kind", "company"]
    search_fields = ["channel_name", "error", "key"]
    list_select_related = ["alert"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, delivery: Delivery) -> SafeString:
        return badge(delivery.status)


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(RecordAdmin):
    list_display = ["__str__", "begins_at", "ends_at", "company", "created_by"]
    list_filter = ["company"]
    search_fields = ["reason", "created_by"]
    list_select_related = ["company"]


class ChannelAdminForm(ModelForm):
    """The address is never shown; the whole is checked by the verb, in a transaction of its own."""

    recipients = Lines(label=_("recipients"))
    rules = Lines(label=_("only rules that begin so"))
    about = Lines(label=_("only about"))
    address = forms.CharField(
        label=_("address"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Empty: the one that is stored stays."),
    )

    class Meta:
        model = Channel
        fields = ("company", *FIELDS)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self._try(found)
            except BadOption as error:
                field = error.option if error.option in self.fields else None
                raise ValidationError({field or "__all__": str(error)}) from error
        return found

    def _try(self, found: dict[str, Any]) -> None:
        tried = Channel(pk=self.instance.pk, **{name: found[name] for name in FIELDS})
        stored = self.instance.address if not self.instance._state.adding else ""
        check_channel(tried, found["address"] or stored)


@admin.register(Channel)
class ChannelAdmin(ScopedAdmin):
    form = ChannelAdminForm
    writes_audit = False
    list_display = ["name", "kind", "enabled", "company", "least_severity"]
    list_filter = ["kind", "enabled", "company"]
    search_fields = ["name"]
    list_select_related = ["company"]
    fields = ["company", "name", "kind", "recipients", "address", *FIELDS[2:3], *FIELDS[4:]]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["company"] if obj is not None else []

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        user = request.user
        assert isinstance(user, User)
        values = {name: form.cleaned_data[name] for name in FIELDS}
        address = form.cleaned_data["address"]
        if change:
            change_channel(channel=obj, actor=user, address=address or None, **values)
            return
        company = form.cleaned_data["company"]
        try:
            made = create_channel(company=company, actor=user, address=address, **values)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error
        obj.pk = made.pk

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        assert isinstance(request.user, User)
        remove_channel(channel=obj, actor=request.user)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for channel in queryset:
            self.delete_model(request, channel)
