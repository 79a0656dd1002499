"""The paths answer with and without a trailing slash, without a redirect."""

from django.urls import re_path

from monitoring.live.api.views import QueueView, StatsView, TicketsView

urlpatterns = [
    re_path(r"^queue/?$", QueueView.as_view(), name="queue"),
    re_path(r"^stats/?$", StatsView.as_view(), name="stats"),
    re_path(r"^live/tickets/?$", TicketsView.as_view(), name="live-tickets"),
]
