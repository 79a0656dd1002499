"""The admin of tracked files, their stages, and the heartbeats of the watchers."""

from datetime import timedelta

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from access.models import User
from access.scoped_admin import RecordAdmin
from look.badges import badge
from look.units import age
from monitoring.files.models import Stage, TrackedFile
from monitoring.heartbeats.models import Heartbeat

SILENT_AFTER = timedelta(seconds=60)


class StageInline(TabularInline):  # type: ignore[misc]  # unfold ships no types
    model = Stage
    extra = 0
    can_delete = False
    fields = ["key", "status", "progress", "bytes_done", "bytes_total", "started_at", "ended_at"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return isinstance(request.user, User) and request.user.may("monitoring.view_stage")


@admin.register(TrackedFile)
class TrackedFileAdmin(RecordAdmin):
    list_display = ["name", "kind", "status_badge", "percent", "attempt", "company", "created_at"]
    list_filter = ["status", "kind", "company"]
    search_fields = ["name", "original_path", "error"]
    list_select_related = ["company"]
    inlines = [StageInline]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, file: TrackedFile) -> SafeString:
        return badge(file.status)

    @admin.display(description=_("progress"), ordering="progress")
    def percent(self, file: TrackedFile) -> str:
        return f"{file.progress:.0f} %"


@admin.register(Stage)
class StageAdmin(RecordAdmin):
    company_path = "file__company"
    list_display = ["file", "key", "status_badge", "started_at", "ended_at"]
    list_filter = ["status", "key"]
    search_fields = ["file__name"]
    list_select_related = ["file__company"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, stage: Stage) -> SafeString:
        return badge(stage.status)


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
