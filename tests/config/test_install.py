"""`.ci/install`, which `make run` begins with: clear words about a Python that will not do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from config.places import PROJECT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(PROJECT / ".ci" / "install", tmp_path / ".ci" / "install")
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
