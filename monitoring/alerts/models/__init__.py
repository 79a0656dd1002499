"""Alerts; where they are sent, when not, and each message that was sent or is to be."""

from monitoring.alerts.models.agent_watch import AgentWatch
from monitoring.alerts.models.alert import Alert
from monitoring.alerts.models.channel import Channel, MaintenanceWindow
from monitoring.alerts.models.delivery import Delivery
from monitoring.alerts.models.reading import StorageReading

__all__ = [
    "AgentWatch",
    "Alert",
    "Channel",
    "Delivery",
    "MaintenanceWindow",
    "StorageReading",
]
