"""Both paths answer with and without a trailing slash, without a redirect."""

from django.urls import re_path

from monitoring.files.api.views import FilesView, FileView

urlpatterns = [
    re_path(r"^file_monitoring/?$", FilesView.as_view(), name="files"),
    re_path(r"^file_monitoring/(?P<file_id>[^/]+)/?$", FileView.as_view(), name="file"),
]
