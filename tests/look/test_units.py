from datetime import timedelta

import pytest

from look.badges import BADGES, badge
from look.units import age, duration, rate, size


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_600, "1.00 MB"),
        (2_310_000_000, "2.31 GB"),
        (12_800_000_000, "12.8 GB"),
        (203e9, "203 GB"),
    ],
)
def test_size_has_three_digits_and_a_decimal_unit(count: float | None, said: str) -> None:
    assert size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.42, "0.4 s"),
        (0.01, "under 0.1 s"),
        (2, "2 s"),
        (58, "58 s"),
        (74, "1 min 14 s"),
        (120, "2 min"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (273_600, "3 d 4 h"),
        (-1, "0 s"),
    ],
)
def test_duration_says_the_two_largest_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said
    assert duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (None, "never"),
        (timedelta(seconds=2), "just now"),
        (timedelta(seconds=40), "40 s ago"),
        (timedelta(minutes=9), "9 min ago"),
        (timedelta(hours=28), "28 h ago"),
        (timedelta(days=3, hours=5), "3 days ago"),
    ],
)
def test_age_is_one_unit(span: timedelta | None, said: str) -> None:
    assert age(span) == said


def test_rate_of_nothing_is_empty() -> None:
    assert rate(None) == ""
    assert rate(212_000_000) == "212 MB/s"


def test_every_badge_has_a_word_an_icon_and_a_tone() -> None:
    for state, found in BADGES.items():
        html = badge(state)
        assert str(found.word) in html
        assert "<svg" in html
        assert found.tone in {"proven", "good", "running", "warn", "bad", "none"}


def test_an_unknown_state_is_escaped() -> None:
    assert "<script>" not in badge("<script>")
