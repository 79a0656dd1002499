"""Which of a test's parameters each run asks, and which the exhaustive suite alone."""

from typing import Any

import pytest


def first_of(always: Any, *others: Any) -> list[Any]:
    """The first of them in each run, all of them in the exhaustive suite. Tuples are the values of
    several names."""
    return [always, *(as_exhaustive(one) for one in others)]


def as_exhaustive(values: Any) -> Any:
    several = values if isinstance(values, tuple) else (values,)
    return pytest.param(*several, marks=pytest.mark.exhaustive)
