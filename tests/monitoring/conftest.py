"""A company to belong to."""

from tests.cast import company

__all__ = ["company"]
