"""Addresses of the event streams, and of who listens. With and without a trailing slash."""

from django.urls import re_path

from monitoring.live import documents, streams
from monitoring.live.api.views import ConnectionsView

app_name = "live"

UUID = r"(?P<download_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(rf"^downloads/{UUID}/stream/?$", streams.download_stream, name="download-stream"),
    re_path(r"^downloads/queue/stream/?$", streams.queue_stream, name="queue-stream"),
    re_path(r"^downloads/stats/stream/?$", streams.stats_stream, name="stats-stream"),
    re_path(r"^downloads/dashboard/stream/?$", streams.dashboard_stream, name="dashboard-stream"),
    re_path(r"^docs/live/?$", documents.asyncapi_page, name="docs"),
    re_path(r"^docs/live\.json$", documents.asyncapi_json, name="asyncapi"),
    re_path(r"^metrics/?$", documents.metrics, name="metrics"),
    re_path(r"^ws/connections/?$", ConnectionsView.as_view(), name="connections"),
]
