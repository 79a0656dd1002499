"""The admin of alerts: what was said and sent to be read, channels and windows to be changed."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import CappedPaginator, RecordAdmin
from look.badges import badge
from look.templatetags.look import ago
from monitoring.alerts.models import Alert, Delivery


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
