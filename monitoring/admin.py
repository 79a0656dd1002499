"""The admin of events, alerts and heartbeats; that of files is in `monitoring.files.admin`."""

from datetime import timedelta

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import CappedPaginator, RecordAdmin
from look.badges import badge
from look.templatetags.look import ago
from look.units import age
from monitoring.alerts.models import Alert
from monitoring.events.models import Event
from monitoring.files import admin as files_admin
from monitoring.heartbeats.models import Heartbeat

__all__ = ["files_admin"]

SILENT_AFTER = timedelta(seconds=60)


@admin.register(Event)
class EventAdmin(RecordAdmin):
    paginator = CappedPaginator
    ordering = ["-id"]
    list_display = ["at", "topic", "subject", "state", "company"]
    list_filter = ["topic", "company"]
    search_fields = ["state", "subject"]
    list_select_related = ["company"]


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    list_display = ["title", "rule", "status_badge", "attempts", "company", "created", "sent_at"]
    list_filter = ["status", "rule", "company"]
    search_fields = ["title", "text", "rule", "error"]
    list_select_related = ["company"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, alert: Alert) -> SafeString:
        return badge(alert.status)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, alert: Alert) -> SafeString | str:
        return ago(alert.created_at)


@admin.register(Heartbeat)
class HeartbeatAdmin(RecordAdmin):
    company_path = None
    list_display = ["name", "state", "last"]
    search_fields = ["name"]

    @admin.display(description=_("state"))
    def state(self, beat: Heartbeat) -> SafeString:
        return badge("stale" if timezone.now() - beat.at > SILENT_AFTER else "alive")

    @admin.display(description=_("last beat"), ordering="at")
    def last(self, beat: Heartbeat) -> str:
        return age(timezone.now() - beat.at)
