"""Every path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from uploads.api.sessions import CreateSessionView, FinalizeView, StatusView

app_name = "api"

SESSION = r"(?P<session_id>[^/]{1,250})"

urlpatterns = [
    re_path(r"^uploads/create-session/?$", CreateSessionView.as_view(), name="upload-create"),
    re_path(rf"^uploads/{SESSION}/finalize/?$", FinalizeView.as_view(), name="upload-finalize"),
    re_path(rf"^uploads/{SESSION}/status/?$", StatusView.as_view(), name="upload-status"),
]
