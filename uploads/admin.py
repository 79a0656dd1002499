"""Uploads and recordings in the administration: to be read; what a sender is allowed, to be set."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from access.scoped_admin import RecordAdmin
from look.badges import badge
from uploads.models import Recording, UploadSession
from uploads.recordings.retention import with_expiry


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
    list_display = [
        *("file_name", "name", "wats_user", "size", "created_by", "created_at", "expires_at")
    ]
    list_filter = ["company"]
    search_fields = ["file_name", "name", "ip", "wats_user", "sha256"]
    list_select_related = ["company", "created_by"]
    exclude = ["thumbnail"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recording]:
        return with_expiry(super().get_queryset(request))

    @admin.display(description=_("kept until"), ordering="expires_at")
    def expires_at(self, recording: Recording) -> Any:
        return recording.expires_at  # type: ignore[attr-defined]  # an annotation
