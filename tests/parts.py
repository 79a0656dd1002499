"""`--part K/N`: the K-th of N like parts of the tests that were chosen, by their names.

Loaded with `-p tests.parts`. The parts together are all of them, and a test is always in the same.
"""

from zlib import crc32

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--part", type=part, help="K/N: the K-th of N like parts of the tests")


def part(said: str) -> tuple[int, int]:
    which, _, count = said.partition("/")
    if not (which.isdigit() and count.isdigit() and 1 <= int(which) <= int(count)):
        raise ValueError
    return int(which), int(count)


# Before a parallel run writes a test's group beside its name.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("part") is None:
        return
    which, count = config.getoption("part")
    of_part: dict[bool, list[pytest.Item]] = {True: [], False: []}
    for item in items:
        of_part[crc32(item.nodeid.encode()) % count == which - 1].append(item)
    config.hook.pytest_deselected(items=of_part[False])
    items[:] = of_part[True]
