"""The models of all parts of monitoring, for Django to find."""

from monitoring.files.models import Stage, TrackedFile
from monitoring.heartbeats.models import Heartbeat

__all__ = ["Heartbeat", "Stage", "TrackedFile"]
