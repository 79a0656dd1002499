from tests.restores.conftest import (
    admin,
    agent,
    company,
    login,
    operator,
    own_test_settings,
    server,
    stranger,
    viewer,
)

__all__ = [
    "admin",
    "agent",
    "company",
    "login",
    "operator",
    "own_test_settings",
    "server",
    "stranger",
    "viewer",
]
