"""The sets of Holdfast's own backup, for superusers to read."""

from django.contrib import admin

from access.scoped_admin import RecordAdmin
from controlplane.models import ControlSet


@admin.register(ControlSet)
class ControlSetAdmin(RecordAdmin):
    company_path = None
    list_display = ["created_at", "target", "status", "completed_at", "size_bytes", "error"]
    list_filter = ["status"]
    list_select_related = ["target"]
