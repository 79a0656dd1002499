"""Addresses of the pages of uploads and recordings."""

from django.urls import path

from uploads.pages import recordings, retention, senders, sessions

app_name = "uploads"

urlpatterns = [
    path("dashboard/uploads", sessions.upload_list, name="list"),
    path("dashboard/uploads/<uuid:session_id>/act", sessions.upload_act, name="act"),
    path("dashboard/uploads/senders/<slug:agent_id>", senders.sender, name="sender"),
    path("dashboard/recordings", recordings.recording_list, name="recordings"),
    path("dashboard/recordings/retention", retention.retention, name="retention"),
    path("dashboard/recordings/<uuid:recording_id>", recordings.recording_detail, name="recording"),
    path(
        "dashboard/recordings/<uuid:recording_id>/delete",
        recordings.recording_delete,
        name="recording-delete",
    ),
]
