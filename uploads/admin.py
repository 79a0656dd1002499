"""Uploads and recordings in the administration: to be read; what a sender is allowed, to be set."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import RecordAdmin
from look.badges import badge
from uploads.models import Recording, UploadSession


@admin.register(UploadSession)
class UploadSessionAdmin(RecordAdmin):
    list_display = ["__str__", "kind", "status_badge", "file_size", "created_by", "created_at"]
    list_filter = ["status", "kind", "company"]
    search_fields = ["file_name", "client_id", "error"]
    list_select_related = ["company", "created_by"]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, session: UploadSession) -> SafeString:
        return badge(session.status)


@admin.register(Recording)
class RecordingAdmin(RecordAdmin):
    list_display = ["file_name", "name", "wats_user", "size", "created_by", "created_at"]
    list_filter = ["company"]
    search_fields = ["file_name", "name", "ip", "wats_user", "sha256"]
    list_select_related = ["company", "created_by"]
    exclude = ["thumbnail"]
