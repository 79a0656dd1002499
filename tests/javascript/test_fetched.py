"""What was fetched is what was pinned; what cannot be had is said in a sentence."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.javascript import fetched
from tests.javascript.fetched import NotFetched, fetch, packages, script_of

UPPY = packages()["uppy"]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(fetched, "PLACE", tmp_path / "javascript")
    return tmp_path


def test_without_npm(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(place))
    with pytest.raises(NotFetched, match=r"apt-get install npm.*uppy@6"):
        script_of("uppy")


def npm(place: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    """Another program in npm's place."""
    (place / "npm").write_text(f"#!/bin/sh\n{does}\n")
    (place / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")


def test_another_content_is_refused(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(place, monkeypatch, 'echo other > "$4/uppy.tgz"')
    with pytest.raises(NotFetched, match="another sha512"):
        fetch(UPPY)
    assert not UPPY.is_here()
    UPPY.kept.write_bytes(b"changed where it lay")
    assert not UPPY.is_here()


def test_what_npm_says_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(place, monkeypatch, "echo 'network is down' >&2; exit 1")
    with pytest.raises(NotFetched, match=r"uppy@0\.0\.1:\nnetwork is down"):
        fetch(replace(UPPY, version="0.0.1"))
