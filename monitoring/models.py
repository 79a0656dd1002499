"""The models of all parts of monitoring, for Django to find."""

from monitoring.alerts.models import (
    AgentWatch,
    Alert,
    Channel,
    Delivery,
    MaintenanceWindow,
    StorageReading,
)
from monitoring.events.models import Event
from monitoring.expected.models import (
    BackupEntry,
    ContentCheck,
    ExpectedBackupJob,
    JobRun,
    WatchGap,
)
from monitoring.figures.models import Tally
from monitoring.files.models import FileFacts, LogLine, Stage, Step, TrackedFile
from monitoring.heartbeats.models import Heartbeat
from monitoring.live.models import LiveTicket, ServerProcess
from monitoring.notices.models import Notice

__all__ = [
    "AgentWatch",
    "Alert",
    "BackupEntry",
    "Channel",
    "ContentCheck",
    "Delivery",
    "Event",
    "ExpectedBackupJob",
    "FileFacts",
    "Heartbeat",
    "JobRun",
    "LiveTicket",
    "LogLine",
    "MaintenanceWindow",
    "Notice",
    "ServerProcess",
    "Stage",
    "Step",
    "StorageReading",
    "Tally",
    "TrackedFile",
    "WatchGap",
]
