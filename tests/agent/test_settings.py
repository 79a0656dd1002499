"""The configuration, the token, and what is not written into logs."""

import json
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from holdfast_agent import ApiIntegrationManager, NotConfigured
from holdfast_agent.logs import keep_secret, log, log_to_file
from holdfast_agent.settings import read_settings
from holdfast_agent.tokens import store_token, stored_token, token_path

TOKEN = "hf_" + "a1" * 20


@pytest.fixture(autouse=True)
def own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("HOLDFAST_AGENT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOLDFAST_AGENT_STATE_DIR", str(tmp_path / "state"))


def test_documented_defaults() -> None:
    found = read_settings({"api": {}, "recording": {"output_dir": "/recordings"}})
    assert (found.enabled, found.base_url, found.api_token, found.auto_upload) == (
        *(False, "", ""),
        False,
    )
    assert (found.upload_timeout, found.max_retries, found.max_concurrent_uploads) == (60, 3, 2)
    assert (found.delete_after_upload, found.upload_older_recordings) == (False, True)
    assert found.max_file_age_days == 30
    assert [one.path for one in found.folders] == [Path("/recordings")]


def test_a_file_an_object_and_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "settings.json"
    # As Windows' editors save it.
    file.write_text(json.dumps({"api": {"base_url": "https://a/api"}}), "utf-8-sig")
    assert read_settings(file).base_url == "https://a/api"
    section = SimpleNamespace(base_url="https://b/api", enabled=True)
    assert read_settings(SimpleNamespace(api=section)).enabled
    monkeypatch.setenv("HOLDFAST_AGENT_BASE_URL", "https://c/api")
    monkeypatch.setenv("HOLDFAST_AGENT_DELETE_AFTER_UPLOAD", "yes")
    monkeypatch.setenv("HOLDFAST_AGENT_WATCH_DIRS", os.pathsep.join(["/x", "/y"]))
    found = read_settings(file)
    assert (found.base_url, found.delete_after_upload) == ("https://c/api", True)
    assert found.watch_dirs == ["/x", "/y"]


@pytest.mark.parametrize(
    "api",
    [
        {"max_retries": "many"},
        {"enabled": "perhaps"},
        {"upload_timeout": -1},
        {"base_url": 7},
        {"watch_dirs": 3},
    ],
)
def test_wrong_values_are_named(api: dict[str, object]) -> None:
    with pytest.raises(NotConfigured, match=next(iter(api))):
        read_settings({"api": api})


def test_a_token_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for said in ("env:RECORDER_TOKEN", "${RECORDER_TOKEN}"):
        found = read_settings({"api": {"api_token": said}})
        monkeypatch.delenv("RECORDER_TOKEN", raising=False)
        with pytest.raises(NotConfigured, match="RECORDER_TOKEN"):
            found.token()
        monkeypatch.setenv("RECORDER_TOKEN", TOKEN)
        assert found.token() == TOKEN


def test_a_stored_token_is_its_owners(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    assert stored_token(folder) == ""
    assert store_token(folder, TOKEN, only_file=True) == "file"
    assert stored_token(folder) == TOKEN
    assert token_path(folder).stat().st_mode & 0o777 == 0o600
    assert read_settings({"api": {}}).token() == TOKEN
    token_path(folder).chmod(0o644)
    with pytest.raises(NotConfigured, match="chmod 600"):
        stored_token(folder)


def test_disabled_does_nothing(tmp_path: Path) -> None:
    manager = ApiIntegrationManager({"api": {"enabled": False}})
    assert manager.is_initialized is False
    assert manager.upload_client is None
    assert manager.upload_recording(tmp_path / "a.mp4", None) is None
    assert manager.upload_older_recordings(tmp_path, 30) == []
    assert manager.get_queue_status()["queue_size"] == 0
    manager.shutdown()


def test_a_missing_address_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, log.name)
    assert not ApiIntegrationManager({"api": {"enabled": True}}).is_initialized
    assert "base_url is not set" in caplog.text


def test_no_token_in_the_log(tmp_path: Path) -> None:
    keep_secret("s3cret-of-old")
    handler = log_to_file(tmp_path / "log" / "agent.log")
    try:
        log.warning("with %s and s3cret-of-old", TOKEN)
        try:
            raise ValueError(f"Authorization: Bearer {TOKEN}x")
        except ValueError:
            log.exception("broke")
    finally:
        log.removeHandler(handler)
        handler.close()
    said = (tmp_path / "log" / "agent.log").read_text()
    assert "broke" in said
    assert "[redacted]" in said
    assert TOKEN not in said
    assert "s3cret" not in said
