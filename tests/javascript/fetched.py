"""JavaScript that nobody here wrote, for the browser of the tests: by npm, pinned by its sha512.

It is kept beside the Python packages of the tests (`.venv/javascript`), and held against its pin
each time it is used.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("packages.json")
PLACE = Path(sys.prefix) / "javascript"
PATIENCE_SECONDS = 300


class NotFetched(Exception):
    """The package cannot be had, or is another one than the one that was pinned."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    integrity: str
    script: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def kept(self) -> Path:
        return PLACE / f"{self.name}-{self.version}.tgz"

    def is_here(self) -> bool:
        return self.kept.is_file() and self.is_ours(self.kept)

    def is_ours(self, file: Path) -> bool:
        digest = base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
        return self.integrity == f"sha512-{digest}"


def packages() -> dict[str, Package]:
    pinned = json.loads(PINS.read_text())
    return {name: Package(name=name, **pin) for name, pin in pinned.items()}


def script_of(name: str) -> str:
    """The package's script for browsers, fetched where it is not here yet. Raises NotFetched."""
    package = packages()[name]
    if not package.is_here():
        fetch(package)
    with tarfile.open(package.kept) as archive:
        member = archive.extractfile(package.script)
        assert member is not None
        return member.read().decode()


def fetch(package: Package) -> None:
    """Raises NotFetched."""
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE) as folder:
        _pack(package, folder)
        [file] = Path(folder).glob("*.tgz")
        if not package.is_ours(file):
            raise NotFetched(f"{package} has another sha512 than the one in {PINS.name}.")
        file.replace(package.kept)


def _pack(package: Package, folder: str) -> None:
    asked = ["npm", "pack", str(package), "--pack-destination", folder, "--ignore-scripts"]
    cache = {"npm_config_cache": f"{folder}/cache", "npm_config_update_notifier": "false"}
    try:
        said = subprocess.run(
            asked,
            cwd=folder,
            env={**os.environ, **cache},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_SECONDS,
        )
    except FileNotFoundError as error:
        words = f"npm is not installed (apt-get install npm): it is needed to fetch {package}."
        raise NotFetched(words) from error
    except subprocess.TimeoutExpired as error:
        raise NotFetched(f"npm did not fetch {package} within {error.timeout:.0f} s.") from error
    if said.returncode != 0:
        raise NotFetched(f"npm could not fetch {package}:\n{said.stderr[-2000:]}")
