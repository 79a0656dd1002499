"""Each address of the API is the same with a slash at its end."""

from config.urls import api


def test_no_address_asks_for_one() -> None:
    patterns = [str(entry.pattern) for entry in api if entry.name != "nowhere"]
    assert len(patterns) > 60
    assert [pattern for pattern in patterns if not pattern.endswith("/?$")] == []
