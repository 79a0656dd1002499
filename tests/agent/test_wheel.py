"""The wheel: built, installed alone, and used, on every Python at hand from 3.9 on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.live import Recorder

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.django_db(transaction=True),
]

PACKAGE = Path(__file__).parents[2] / "agent"


def interpreters() -> dict[str, str]:
    """By version, on PATH or beside pyenv's, and the system's own; this one at least."""
    found = {f"3.{sys.version_info.minor}": sys.executable}
    # Where the tests run with an empty home, pyenv is elsewhere.
    beside = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for minor in range(9, 16):
        name = f"3.{minor}"
        places = [shutil.which(f"python{name}"), *sorted(beside.glob(f"{name}.*/bin/python"))]
        if at := next(filter(_can_make_venvs, places), None):
            found.setdefault(name, str(at))
    if _can_make_venvs("/usr/bin/python3"):
        found["the system's"] = "/usr/bin/python3"
    return found


def _can_make_venvs(python: str | Path | None) -> bool:
    """A shim of pyenv is there for versions that are not; Debian has these modules apart."""
    if python is None or not Path(python).exists():
        return False
    asked = [str(python), "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))"]
    return subprocess.run(asked, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("wheel")
    # A copy, as building leaves folders behind.
    source = shutil.copytree(PACKAGE, folder / "agent", ignore=shutil.ignore_patterns("build"))
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(folder), str(source))
    [built] = folder.glob("*.whl")
    yield built


def test_it_sends(wheel: Path, recorder: Recorder, clip: bytes, tmp_path: Path) -> None:
    for number, (version, python) in enumerate(interpreters().items()):
        place = tmp_path / f"venv-{number}"
        run(python, "-m", "venv", str(place))
        run(str(place / "bin" / "pip"), "install", "--disable-pip-version-check", str(wheel))
        listed = run(str(place / "bin" / "pip"), "list", "--format", "json")
        names = {one["name"].lower() for one in json.loads(listed)}
        assert "django" not in names
        file = recorder.file(f"rdp_{number}.mp4", clip)
        said = run(
            *(str(place / "bin" / "holdfast-agent"), "upload", str(file), "--json"),
            HOLDFAST_AGENT_BASE_URL=f"{recorder.url}/api",
            HOLDFAST_AGENT_API_TOKEN=recorder.token,
            HOLDFAST_AGENT_STATE_DIR=str(tmp_path / f"state-{number}"),
        )
        assert json.loads(said)["uploads"][0]["status"] == "completed", version


def run(*arguments: str, **environment: str) -> str:
    said = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error::SyntaxWarning", **environment},
    )
    assert said.returncode == 0, said.stderr
    return said.stdout
