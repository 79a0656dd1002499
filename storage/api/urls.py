"""Every path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from storage.api.views import TargetsView, TargetTestView, TargetView

UUID = r"(?P<target_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(r"^storages/?$", TargetsView.as_view(), name="storages"),
    re_path(rf"^storages/{UUID}/test/?$", TargetTestView.as_view(), name="storage-test"),
    re_path(rf"^storages/{UUID}/?$", TargetView.as_view(), name="storage"),
]
