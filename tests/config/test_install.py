"""`.ci/install`, which `make run` begins with: clear words where it cannot, nothing by half."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from config.places import PROJECT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    for name in ("install", "packages"):
        shutil.copy(PROJECT / ".ci" / name, tmp_path / ".ci" / name)
    return tmp_path


def install(clone: Path, python: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHON": python}
    environment.pop("HOME", None)
    return subprocess.run(
        [clone / ".ci" / "install", "requirements.txt"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def fake_python(clone: Path, script: str) -> str:
    path = clone / "python-of-long-ago"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_a_missing_python_is_named(clone: Path) -> None:
    done = install(clone, "python9.9")
    assert done.returncode == 1
    assert "'python9.9' was not found" in done.stderr


def test_an_old_python_is_named_with_its_version(clone: Path) -> None:
    old = fake_python(clone, '[ "$1" = --version ] && echo Python 3.9.2 && exit 0; exit 1')
    done = install(clone, old)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.9.2" in done.stderr


def test_a_python_without_venv_is_told_how_to_get_it(clone: Path) -> None:
    bare = fake_python(clone, 'case "$2" in *ensurepip*) exit 1;; esac; exit 0')
    done = install(clone, bare)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
    assert not (clone / ".venv").exists()


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    """A folder of packages, as pip takes one in place of a registry."""
    folder = tmp_path / "registry"
    folder.mkdir()
    return folder


def publish(registry: Path, version: str) -> str:
    """A package of one module; its pin, as requirement files have it."""
    wheel = registry / f"tiny_package-{version}-py3-none-any.whl"
    about = f"tiny_package-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny_package.py", f"version = {version!r}\n")
        file.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: tiny_package\nVersion: {version}\n"
        )
        file.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{about}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"tiny-package=={version} \\\n    --hash=sha256:{digest}\n    # via -r requirements.in\n"


@pytest.mark.exhaustive
def test_a_failed_installation_changes_nothing_and_one_cut_off_begins_anew(
    clone: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(registry))
    wanted = clone / "requirements.txt"

    def version() -> str:
        ask = "import tiny_package as it; print(it.version, it.__cached__)"
        said = subprocess.check_output([clone / ".venv/bin/python", "-c", ask], text=True)
        which, compiled = said.split()
        assert Path(compiled).exists()
        return which

    wanted.write_text(publish(registry, "1.0"))
    done = install(clone, sys.executable)
    assert done.returncode == 0, done.stderr
    assert version() == "1.0"

    good = publish(registry, "2.0")
    wanted.write_text(re.sub("sha256:.{4}", "sha256:0000", good))
    done = install(clone, sys.executable)
    assert done.returncode != 0
    assert "Nothing was changed" in done.stderr
    assert version() == "1.0"
    assert not (clone / ".venv/wheels").exists()

    wanted.write_text(good)
    assert install(clone, sys.executable).returncode == 0
    assert version() == "2.0"
    assert "Installing" not in install(clone, sys.executable).stdout

    (clone / ".venv/unfinished").touch()
    (clone / ".venv/left-over").touch()
    done = install(clone, sys.executable)
    assert done.returncode == 0, done.stderr
    assert version() == "2.0"
    assert not (clone / ".venv/left-over").exists()
