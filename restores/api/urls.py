"""Every path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from restores.api.views import (
    ApproveView,
    CancelView,
    ConfirmView,
    RestoresView,
    RestoreView,
    StatusView,
    UndoView,
)
from restores.received.api import UploadsView, UploadView

UUID = r"(?P<restore_id>[0-9a-fA-F-]{32,36})"

UPLOAD = r"(?P<upload_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(r"^restores/?$", RestoresView.as_view(), name="restores"),
    re_path(r"^restores/uploads/?$", UploadsView.as_view(), name="restore-uploads"),
    re_path(rf"^restores/uploads/{UPLOAD}/?$", UploadView.as_view(), name="restore-upload"),
    re_path(rf"^restores/{UUID}/?$", RestoreView.as_view(), name="restore"),
    re_path(rf"^restores/{UUID}/status/?$", StatusView.as_view(), name="restore-status"),
    re_path(rf"^restores/{UUID}/cancel/?$", CancelView.as_view(), name="restore-cancel"),
    re_path(rf"^restores/{UUID}/approve/?$", ApproveView.as_view(), name="restore-approve"),
    re_path(rf"^restores/{UUID}/confirm/?$", ConfirmView.as_view(), name="restore-confirm"),
    re_path(rf"^restores/{UUID}/undo/?$", UndoView.as_view(), name="restore-undo"),
]
