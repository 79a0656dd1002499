"""A file that no restore should trust, and by which code it is refused."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.restores.received.dumps import dump

MAJOR = 17
CUT = frozenset(("file_cut", "file_damaged", "format_unknown", "empty"))


@dataclass(frozen=True)
class Case:
    """`codes` are those of which one must be said; `says` is a word of the sentence."""

    name: str
    make: Callable[[], bytes]
    codes: frozenset[str]
    says: str = ""


def case(name: str, make: Callable[[], bytes], *codes: str, says: str = "") -> Case:
    return Case(name, make, frozenset(codes) or CUT, says)


def custom() -> bytes:
    return dump(MAJOR, "custom")


def plain() -> bytes:
    return dump(MAJOR, "plain")
