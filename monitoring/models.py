"""The models of all parts of monitoring, for Django to find."""

from monitoring.alerts.models import Alert
from monitoring.events.models import Event
from monitoring.files.models import LogLine, Stage, Step, TrackedFile
from monitoring.heartbeats.models import Heartbeat

__all__ = ["Alert", "Event", "Heartbeat", "LogLine", "Stage", "Step", "TrackedFile"]
