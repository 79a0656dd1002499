"""Rules on what lies below: storages and their forecast, this machine's disk, the watchers."""

from monitoring.alerts.rules.disk import alert_full_disk
from monitoring.alerts.rules.storages import alert_full_storages
from monitoring.alerts.rules.watchers import alert_silent_queues, alert_silent_tick

__all__ = ["alert_full_disk", "alert_full_storages", "alert_silent_queues", "alert_silent_tick"]
