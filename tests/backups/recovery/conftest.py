"""Keys of each test's own, and what a person does with the stock tools."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import LazySettings

from access.models import Company, User
from backups.recovery.challenges import Challenge, new_challenge
from backups.recovery.services import download_key
from backups.recovery.state import current_public
from config.places import Places


@dataclass(frozen=True)
class OwnKeys(Places):
    """The installation of the run, with keys of its own."""

    folder: Path

    @property
    def keys(self) -> Path:
        return self.folder


@pytest.fixture(autouse=True)
def places(settings: LazySettings, tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A test may take the recovery key away: never that of the whole run."""
    places = OwnKeys(settings.PLACES.data, tmp_path_factory.mktemp("installation") / "keys")
    settings.PLACES = places
    return places


@pytest.fixture
def two_companies(company: Company) -> Company:
    return Company.objects.create(name="Beta")


class Owner:
    """The administrator with a copy of the key in a folder of their own."""

    def __init__(self, user: User, folder: Path) -> None:
        self.user = user
        self.file = folder / "holdfast-recovery.agekey"

    def download(self) -> None:
        self.file.write_bytes(download_key(actor=self.user))

    def decrypt(self, challenge: Challenge) -> str:
        return age("-d", "-i", str(self.file), text=challenge.armored)

    def challenge(self) -> Challenge:
        return new_challenge(public=current_public())


@pytest.fixture
def owner(admin: User, tmp_path: Path) -> Owner:
    folder = tmp_path / "safe"
    folder.mkdir()
    return Owner(admin, folder)


def age(*arguments: str, text: str = "") -> str:
    """The distribution's age, as the owner runs it. Raises when it does not end well."""
    done = subprocess.run(
        ["age", *arguments], input=text, capture_output=True, text=True, check=True
    )
    return done.stdout
