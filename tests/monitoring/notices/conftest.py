"""The cast, and who listens."""

from tests.cast import (
    admin,
    agent,
    company,
    login,
    operator,
    stranger,
    superuser,
    viewer,
)
from tests.monitoring.live.conftest import listening

__all__ = [
    "admin",
    "agent",
    "company",
    "listening",
    "login",
    "operator",
    "stranger",
    "superuser",
    "viewer",
]
