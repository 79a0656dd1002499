"""Sends recordings and database backups to a Holdfast server."""

__version__ = "0.1.0"

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
