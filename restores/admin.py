"""Restores in the administration: to be read; they are asked for elsewhere."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import RecordAdmin
from look.badges import badge
from restores.models import Restore


@admin.register(Restore)
class RestoreAdmin(RecordAdmin):
    list_display = ["target_name", "server", "backup", "status_badge", "created_by", "created_at"]
    list_filter = ["status", "company"]
    search_fields = ["target_name", "backup__file_name", "error"]
    list_select_related = ["company", "server", "backup", "created_by"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, restore: Restore) -> SafeString:
        return badge(restore.status)
