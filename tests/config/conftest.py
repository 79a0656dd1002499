"""Folders for installations of their own, which the service account can reach as root."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.service import Service, start_service
from config.places import Places
from config.processes.child import Child
from machine.account import Account, service_account
from tests.cast import company as company
from tests.config.installation import Installation, open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


@pytest.fixture
def places(folder: Path) -> Places:
    return Places(folder / "data")


@pytest.fixture
def account() -> Account:
    return service_account()


class Starter:
    """Starts services and ends them with the test."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def __call__(self, service: Service) -> Child:
        child = start_service(service, seconds=60)
        self.children.append(child)
        return child

    def end(self) -> None:
        for child in self.children:
            child.ask_to_stop()
            if not child.wait(10):
                child.kill()
                child.wait(5)


@pytest.fixture
def start() -> Iterator[Starter]:
    starter = Starter()
    yield starter
    starter.end()


@pytest.fixture
def installation(folder: Path) -> Iterator[Installation]:
    made = Installation(folder)
    yield made
    made.end()
