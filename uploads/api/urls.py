"""Every path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from uploads.api.overview import (
    EndView,
    QuotaView,
    SendersView,
    SenderView,
    StoreView,
    UploadsView,
)
from uploads.api.recordings import (
    ContentView,
    RecordingsView,
    RecordingView,
    ThumbnailView,
)
from uploads.api.retention import CleanupView, RetentionView
from uploads.api.sessions import CreateSessionView, FinalizeView, StatusView

app_name = "api"

SESSION = r"(?P<session_id>[^/]{1,250})"
AGENT = r"(?P<agent_id>[-a-zA-Z0-9_]{1,100})"
RECORDING = r"(?P<recording_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(r"^uploads/create-session/?$", CreateSessionView.as_view(), name="upload-create"),
    re_path(rf"^uploads/{SESSION}/finalize/?$", FinalizeView.as_view(), name="upload-finalize"),
    re_path(rf"^uploads/{SESSION}/status/?$", StatusView.as_view(), name="upload-status"),
    re_path(rf"^uploads/{SESSION}/store/?$", StoreView.as_view(), name="upload-store"),
    re_path(rf"^uploads/{SESSION}/end/?$", EndView.as_view(), name="upload-end"),
    re_path(r"^uploads/?$", UploadsView.as_view(), name="uploads"),
    re_path(r"^uploads/quota/?$", QuotaView.as_view(), name="upload-quota"),
    re_path(r"^uploads/senders/?$", SendersView.as_view(), name="upload-senders"),
    re_path(rf"^uploads/senders/{AGENT}/?$", SenderView.as_view(), name="upload-sender"),
    re_path(r"^recordings/retention/?$", RetentionView.as_view(), name="recording-retention"),
    re_path(r"^recordings/cleanup/?$", CleanupView.as_view(), name="recording-cleanup"),
    re_path(r"^recordings/?$", RecordingsView.as_view(), name="recordings"),
    re_path(rf"^recordings/{RECORDING}/?$", RecordingView.as_view(), name="recording"),
    re_path(
        rf"^recordings/{RECORDING}/content/?$", ContentView.as_view(), name="recording-content"
    ),
    re_path(
        rf"^recordings/{RECORDING}/thumbnail/?$",
        ThumbnailView.as_view(),
        name="recording-thumbnail",
    ),
]
