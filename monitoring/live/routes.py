"""Addresses of the WebSockets. All answer with and without a trailing slash."""

from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

from monitoring.live import sockets

# Channels routes plain ASGI applications with Django's patterns, which are typed for views.
_download: Any = sockets.download_socket
_queue: Any = sockets.queue_socket
_stats: Any = sockets.stats_socket
_dashboard: Any = sockets.dashboard_socket
_general: Any = sockets.general_socket
_unknown: Any = sockets.unknown_socket

websockets = URLRouter(
    [
        re_path(r"^ws/downloads/(?P<download_id>[^/]+)/?$", _download),
        re_path(r"^ws/queue/?$", _queue),
        re_path(r"^ws/stats/?$", _stats),
        re_path(r"^ws/dashboard/?$", _dashboard),
        re_path(r"^ws/general/?$", _general),
        re_path(r"", _unknown),
    ]
)
