"""Whose pages may open a socket with a person's cookie."""

import pytest
from django.test import override_settings

from monitoring.live.access import is_ours

HOSTS = ["backup.example", ".team.example", "[::1]", "127.0.0.1"]


@pytest.mark.parametrize(
    ("origin", "host", "ours"),
    [
        ("https://backup.example", "backup.example", True),
        ("https://backup.example:8443", "backup.example:8443", True),
        ("http://[::1]:8000", "[::1]:8000", True),
        ("https://a.team.example", "a.team.example", True),
        ("https://BACKUP.example", "backup.example", True),
        # The page of another, or of another port of the same machine.
        ("https://evil.example", "backup.example", False),
        ("http://127.0.0.1:9999", "127.0.0.1:8000", False),
        ("https://backup.example.evil.example", "backup.example", False),
        # A name that was made to lead here: it is not one of ours.
        ("http://rebound.example:8000", "rebound.example:8000", False),
        # Behind a proxy that changes the host; the installation names its origin.
        ("https://front.example", "10.0.0.7:8000", True),
        ("http://front.example", "10.0.0.7:8000", False),
        ("https://x.many.example", "10.0.0.7:8000", True),
        ("null", "backup.example", False),
        ("", "", False),
        ("https://[", "backup.example", False),
        ("file://backup.example", "backup.example", False),
    ],
)
def test_an_origin_is_ours_or_it_is_not(origin: str, host: str, ours: bool) -> None:
    trusted = ["https://front.example", "https://*.many.example"]
    with override_settings(ALLOWED_HOSTS=HOSTS, CSRF_TRUSTED_ORIGINS=trusted):
        assert is_ours(origin, host) is ours
