"""Sends recordings and database backups to a Holdfast server."""

from holdfast_agent.bodies import ProgressFileWrapper
from holdfast_agent.client import RecordingUploadClient, UploadSession
from holdfast_agent.errors import (
    ApiError,
    AuthenticationError,
    BusyError,
    NetworkError,
    NotConfigured,
    ServerError,
    UploadError,
    ValidationError,
)
from holdfast_agent.integration import ApiIntegrationManager
from holdfast_agent.manager import UploadManager
from holdfast_agent.version import __version__

__all__ = [
    "ApiError",
    "ApiIntegrationManager",
    "AuthenticationError",
    "BusyError",
    "NetworkError",
    "NotConfigured",
    "ProgressFileWrapper",
    "RecordingUploadClient",
    "ServerError",
    "UploadError",
    "UploadManager",
    "UploadSession",
    "ValidationError",
    "__version__",
]
