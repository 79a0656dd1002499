"""Every path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from restores.api.views import CancelView, RestoresView, RestoreView, StatusView

UUID = r"(?P<restore_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(r"^restores/?$", RestoresView.as_view(), name="restores"),
    re_path(rf"^restores/{UUID}/?$", RestoreView.as_view(), name="restore"),
    re_path(rf"^restores/{UUID}/status/?$", StatusView.as_view(), name="restore-status"),
    re_path(rf"^restores/{UUID}/cancel/?$", CancelView.as_view(), name="restore-cancel"),
]
