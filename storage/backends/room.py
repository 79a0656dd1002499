"""How much fits into a place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Room:
    """In bytes."""

    free: int
    total: int
