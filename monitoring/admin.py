"""The admin of events and heartbeats; files and alerts have theirs beside them."""

from datetime import timedelta

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import CappedPaginator, RecordAdmin
from look.badges import badge
from look.units import age
from monitoring.alerts import admin as alerts_admin
from monitoring.events.models import Event
from monitoring.expected import admin as expected_admin
from monitoring.files import admin as files_admin
from monitoring.heartbeats.models import Heartbeat

__all__ = ["alerts_admin", "expected_admin", "files_admin"]

SILENT_AFTER = timedelta(seconds=60)


@admin.register(Event)
class EventAdmin(RecordAdmin):
    paginator = CappedPaginator
    ordering = ["-id"]
    list_display = ["at", "topic", "subject", "state", "company"]
    list_filter = ["topic", "company"]
    search_fields = ["state", "subject"]
    list_select_related = ["company"]


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
