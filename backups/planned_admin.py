"""The admin's view of what is planned: schedules, their due times, and cleanups.

All of it is for reading: pages, API and command line change it by the services.
"""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import CappedPaginator, RecordAdmin
from backups.models import BackupSchedule, Cleanup, DueTime


@admin.register(BackupSchedule)
class BackupScheduleAdmin(RecordAdmin):
    list_display = ["name", "database", "cron", "interval_minutes", "time_zone", "enabled"]
    list_filter = ["enabled", "company"]
    search_fields = ["name", "database__name"]
    list_select_related = ["database"]


@admin.register(DueTime)
class DueTimeAdmin(RecordAdmin):
    company_path = "schedule__company"
    paginator = CappedPaginator
    list_display = ["schedule", "due_at", "state", "late", "counts", "tries", "reason"]
    list_filter = ["state", "late", "schedule__company"]
    search_fields = ["schedule__name"]
    list_select_related = ["schedule"]


@admin.register(Cleanup)
class CleanupAdmin(RecordAdmin):
    paginator = CappedPaginator
    list_display = ["database", "asked_by", "created_at", "ended_at", "planned_count", "gone_count"]
    list_filter = ["confirmed", "company"]
    search_fields = ["database__name", "asked_by"]
    list_select_related = ["database"]

    @admin.display(description=_("planned"))
    def planned_count(self, cleanup: Cleanup) -> int:
        return len(cleanup.planned)

    @admin.display(description=_("removed"))
    def gone_count(self, cleanup: Cleanup) -> int:
        return len(cleanup.removed)
