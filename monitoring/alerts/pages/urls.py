"""Addresses of the pages of alerts."""

from django.urls import path

from monitoring.alerts.pages import agents, alerts, channels, windows

app_name = "alerts"

urlpatterns = [
    path("dashboard/alerts", alerts.alert_list, name="list"),
    path("dashboard/alerts/channels", channels.channel_list, name="channels"),
    path("dashboard/alerts/channels/new", channels.channel_new, name="channel-new"),
    path("dashboard/alerts/channels/<uuid:channel_id>", channels.channel_edit, name="channel-edit"),
    path(
        "dashboard/alerts/channels/<uuid:channel_id>/act", channels.channel_act, name="channel-act"
    ),
    path("dashboard/alerts/windows", windows.window_add, name="window-add"),
    path("dashboard/alerts/windows/<int:window_id>", windows.window_edit, name="window-edit"),
    path("dashboard/alerts/windows/<int:window_id>/end", windows.window_end, name="window-end"),
    path("dashboard/alerts/agents", agents.agent_list, name="agents"),
    path("dashboard/alerts/agents/<int:agent_pk>", agents.agent_act, name="agent-act"),
    path("dashboard/alerts/<int:alert_id>", alerts.alert_detail, name="detail"),
    path("dashboard/alerts/<int:alert_id>/act", alerts.alert_act, name="act"),
]
