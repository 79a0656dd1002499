"""Addresses of the event streams. All answer with and without a trailing slash."""

from django.urls import re_path

from monitoring.live import streams

app_name = "live"

UUID = r"(?P<download_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(rf"^downloads/{UUID}/stream/?$", streams.download_stream, name="download-stream"),
]
