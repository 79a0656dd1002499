"""Sizes as people type them: read, written back, and refused in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from look.sizes import LARGEST, SizeField, parse_size, understood, written


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("1500000000", 1_500_000_000),
        ("500 MB", 500_000_000),
        (" 500mb ", 500_000_000),
        ("1.5 GB", 1_500_000_000),
        ("1,5 GB", 1_500_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("2 kB", 2000),
        ("2 KiB", 2048),
        ("7 B", 7),
        ("0.1 PB", 10**14),
    ],
)
def test_what_is_read(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "as in 500 MB"),
        ("much", "as in 500 MB"),
        ("-1 GB", "as in 500 MB"),
        ("1 GB 2", "as in 500 MB"),
        ("1e9", "as in 500 MB"),
        ("٣ GB", "as in 500 MB"),
        ("9" * 50, "as in 500 MB"),
        ("5 Mo", "no unit Mo"),
        ("5 G", "no unit G"),
        ("1,500 MB", "thousands"),
        ("1.5", "part of a byte"),
        ("9999999 PB", "more than can be counted"),
    ],
)
def test_what_is_not(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_size(text)
    assert understood(text) == ""


@given(st.integers(0, LARGEST))
def test_what_is_written_is_read_as_the_same(count: int) -> None:
    assert parse_size(written(count)) == count


def test_it_is_written_as_shortly_as_it_can_be() -> None:
    counts = (0, 999, 1_500_000_000, 2**30, 1_234_567)
    assert [written(count) for count in counts] == ["0", "999 B", "1.5 GB", "1 GiB", "1234567 B"]
    assert understood("1.5 GiB") == "1.61 GB: 1,610,612,736 bytes"


def test_a_field_says_whether_the_size_has_changed() -> None:
    field = SizeField(required=False)
    assert field.clean("1 GiB") == 2**30
    assert field.clean("") is None
    assert field.prepare_value(2**30) == "1 GiB"
    assert not field.has_changed(2**30, "1073741824")
    assert not field.has_changed(None, "")
    assert field.has_changed(None, "1 GB")
    assert field.has_changed(5, "much")
