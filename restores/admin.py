"""Restores in the administration: to be read; they are asked for elsewhere."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import RecordAdmin
from look.badges import badge
from restores.models import Restore
from restores.received.models import ReceivedFile


@admin.register(Restore)
class RestoreAdmin(RecordAdmin):
    list_display = [
        "target_name",
        "mode",
        "server",
        "source_name",
        "status_badge",
        "created_by",
        "created_at",
    ]
    list_filter = ["status", "mode", "company"]
    search_fields = ["target_name", "backup__file_name", "error"]
    list_select_related = ["company", "server", "backup", "received", "created_by"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, restore: Restore) -> SafeString:
        return badge(restore.status)


@admin.register(ReceivedFile)
class ReceivedFileAdmin(RecordAdmin):
    list_display = ["name", "company", "origin", "size", "state", "created_by", "created_at"]
    list_filter = ["state", "origin", "company"]
    search_fields = ["name", "path", "sha256"]
    list_select_related = ["company", "created_by"]
