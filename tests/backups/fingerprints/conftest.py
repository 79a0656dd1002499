"""Servers of several majors."""

from tests.backups.conftest import _started, server

__all__ = ["_started", "server"]
