"""`manage.py recovery_key`: the same steps for the operator of the server."""

import io
import json
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from access.models import AuditEntry, Company
from backups import keyring
from backups.recovery.state import current_public, key_state
from config.places import Places
from tests.backups.recovery.conftest import age
from tests.disks import another_disk

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("recovery_key", *arguments, "--json", stdout=out, stderr=io.StringIO())
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def refused(*arguments: str, code: int = 4) -> str:
    with pytest.raises(CommandError) as caught:
        call_command("recovery_key", *arguments, stdout=io.StringIO(), stderr=io.StringIO())
    assert caught.value.returncode == code
    return str(caught.value)


@pytest.fixture
def stick() -> Iterator[Path]:
    """A folder on a disk that is not this server's."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-stick-", dir=another_disk()))
    yield folder
    shutil.rmtree(folder)


def test_status_says_what_is_missing(company: Company) -> None:
    found = run("status")
    assert found["public"] == current_public()
    assert (found["ready"], found["secret_here"], found["can_read"]) == (False, True, True)
    out = io.StringIO()
    call_command("recovery_key", "status", stdout=out)
    assert "ready             no" in out.getvalue()
    assert "AGE-SECRET-KEY-" not in out.getvalue()


def test_the_three_steps(company: Company, stick: Path) -> None:
    file = stick / "holdfast-recovery.agekey"
    assert "Download the key first" in refused("rehearse", "--key", str(_server_copy(stick)))
    assert run("export", str(file))["downloaded_at"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert age("-d", "-i", str(file), text=_encrypted()) == "hello"
    assert run("rehearse", "--key", str(file))["ready"] is True
    end = current_public()[-6:]
    assert end in refused("remove", code=2)
    assert run("remove", "--confirm", end)["secret_here"] is False
    assert "removed" in refused("export", str(stick / "again"))
    assert not (stick / "again").exists()
    assert run("rehearse", "--key", str(file))["ready"] is True
    assert set(AuditEntry.objects.values_list("actor_name", flat=True)) == {"cli"}


def test_an_export_replaces_nothing(company: Company, stick: Path) -> None:
    file = stick / "letter"
    file.write_text("dear")
    assert "cannot be written" in refused("export", str(file))
    (stick / "link").symlink_to(stick / "elsewhere")
    assert "cannot be written" in refused("export", str(stick / "link"))
    assert "cannot be written" in refused("export", str(stick / "no" / "folder"))
    assert file.read_text() == "dear"
    assert sorted(path.name for path in stick.iterdir()) == ["letter", "link"]
    assert not key_state().is_downloaded


def test_the_copy_must_be_away_from_this_server(
    company: Company, storage_target: Any, stick: Path, tmp_path: Path, places: Places
) -> None:
    run("export", str(stick / "key"))
    own = places.keys / "recovery.agekey"
    beside = Path(storage_target.options["folder"]) / "key"
    shutil.copy(stick / "key", beside)
    for file in (own, beside, tmp_path / "key"):
        assert "disk of this server" in refused("rehearse", "--key", str(file))
    assert "no key in this file" in refused("rehearse", "--key", "/dev/null")
    assert "cannot be read" in refused("rehearse", "--key", str(stick / "nothing"))
    shutil.copy(places.keys / "installation.agekey", stick / "other")
    assert "another key" in refused("rehearse", "--key", str(stick / "other"))
    assert not key_state().is_ready


def test_a_challenge_is_answered_on_the_terminal(
    company: Company, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stick / "key"
    run("export", str(file))
    assert _rehearse(file, monkeypatch, spoil="x") == 1
    assert not key_state().is_ready
    assert _rehearse(file, monkeypatch) == 0
    assert key_state().is_ready


class _Terminal:
    """Its reader decrypts what was shown, and types the answer."""

    def __init__(self, shown: io.StringIO, file: Path, spoil: str) -> None:
        self.shown, self.file, self.spoil = shown, file, spoil

    def readline(self) -> str:
        text = self.shown.getvalue()
        armored = text[text.index("-----BEGIN") : text.index("\nEND")]
        return self.spoil + age("-d", "-i", str(self.file), text=armored)


def _rehearse(file: Path, monkeypatch: pytest.MonkeyPatch, spoil: str = "") -> int:
    shown = io.StringIO()
    monkeypatch.setattr("sys.stdin", _Terminal(shown, file, spoil))
    try:
        call_command("recovery_key", "rehearse", stdout=io.StringIO(), stderr=shown)
    except CommandError as error:
        return error.returncode
    return 0


def _server_copy(stick: Path) -> Path:
    current_public()
    return Path(shutil.copy(keyring.identity_path("recovery"), stick / "copied"))


def _encrypted() -> str:
    return age("-a", "-r", current_public(), text="hello")
