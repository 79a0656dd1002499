"""Every path answers with and without a trailing slash, without a redirect."""

from django.urls import re_path

from monitoring.alerts.api import agents, channels, views, windows

ALERT = r"(?P<alert_id>[0-9]{1,18})"
AGENT = r"(?P<agent_pk>[0-9]{1,18})"
WINDOW = r"(?P<window_id>[0-9]{1,18})"
CHANNEL = r"(?P<channel_id>[0-9a-fA-F-]{32,36})"

urlpatterns = [
    re_path(r"^alerts/?$", views.AlertsView.as_view(), name="alerts"),
    re_path(r"^alerts/channels/?$", channels.ChannelsView.as_view(), name="alert-channels"),
    re_path(
        rf"^alerts/channels/{CHANNEL}/?$", channels.ChannelView.as_view(), name="alert-channel"
    ),
    re_path(
        rf"^alerts/channels/{CHANNEL}/test/?$",
        channels.ChannelTestView.as_view(),
        name="alert-channel-test",
    ),
    re_path(r"^alerts/windows/?$", windows.WindowsView.as_view(), name="alert-windows"),
    re_path(rf"^alerts/windows/{WINDOW}/?$", windows.WindowView.as_view(), name="alert-window"),
    re_path(r"^alerts/agents/?$", agents.AgentsView.as_view(), name="alert-agents"),
    re_path(rf"^alerts/agents/{AGENT}/?$", agents.AgentView.as_view(), name="alert-agent"),
    re_path(rf"^alerts/{ALERT}/?$", views.AlertView.as_view(), name="alert"),
    re_path(
        rf"^alerts/{ALERT}/acknowledge/?$",
        views.AcknowledgeView.as_view(),
        name="alert-acknowledge",
    ),
    re_path(rf"^alerts/{ALERT}/snooze/?$", views.SnoozeView.as_view(), name="alert-snooze"),
]
