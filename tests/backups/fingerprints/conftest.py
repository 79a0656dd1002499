"""Servers of several majors."""

from tests.backups.conftest import server

__all__ = ["server"]
