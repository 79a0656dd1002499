"""The configuration: the `api` object of a JSON file, and the environment above it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from holdfast_agent.errors import NotConfigured
from holdfast_agent.places import state_folder
from holdfast_agent.tokens import stored_token
from holdfast_agent.watching import WatchedFolder

PREFIX = "HOLDFAST_AGENT_"
FILE_VARIABLE = PREFIX + "CONFIG"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")

_NUMBERS = (
    "upload_timeout",
    "max_file_age_days",
    "bandwidth_limit_kbps",
    "watch_interval",
    "settle_seconds",
)


@dataclass
class Settings:
    """The documented names. Times in seconds, `bandwidth_limit_kbps` in 1000 bits a second."""

    enabled: bool = False
    base_url: str = ""
    api_token: str = ""
    auto_upload: bool = False
    upload_timeout: float = 60
    max_retries: int = 3
    max_concurrent_uploads: int = 2
    delete_after_upload: bool = False
    upload_older_recordings: bool = True
    max_file_age_days: float = 30
    compress: str = ""
    encrypt_recipient: str = ""
    ca_file: str = ""
    bandwidth_limit_kbps: float = 0
    upload_window: str = ""
    watch_dirs: list[Any] = field(default_factory=list)
    watch_interval: float = 10
    settle_seconds: float = 30
    state_dir: str = ""
    log_file: str = ""

    @property
    def state(self) -> Path:
        return state_folder(self.state_dir)

    @property
    def folders(self) -> list[WatchedFolder]:
        return [WatchedFolder.read(one) for one in self.watch_dirs]

    def token(self) -> str:
        """From the environment, the file, or where `set-token` put it. Raises NotConfigured."""
        given = self.api_token.strip()
        name = _variable_named(given)
        if name:
            given = os.environ.get(name, "").strip()
            if not given:
                raise NotConfigured(f"api_token names the variable {name}, which is not set.")
        return given or stored_token(self.state)

    def require(self) -> None:
        """Raises NotConfigured, saying what to set."""
        if not self.base_url:
            raise NotConfigured("base_url is not set; it is like https://HOST/api.")
        if not self.token():
            raise NotConfigured("There is no token: run set-token, or set api_token.")
        if self.ca_file and not Path(self.ca_file).is_file():
            raise NotConfigured(f"ca_file is not there: {self.ca_file}")


def read_settings(given: Any = None) -> Settings:
    """From the whole configuration: a dict, an object, or a file's path. Raises NotConfigured.

    Without any, the file that HOLDFAST_AGENT_CONFIG names, if it does.
    """
    if given is None:
        given = os.environ.get(FILE_VARIABLE) or {}
    if isinstance(given, (str, os.PathLike)):
        given = _read_file(Path(given))
    section = _get(given, "api")
    section = {} if section is None else section
    values: dict[str, Any] = {}
    for one in fields(Settings):
        value = os.environ.get(PREFIX + one.name.upper())
        if value is None:
            value = _get(section, one.name)
        if value is not None:
            values[one.name] = _cast(one.name, value)
    found = Settings(**values)
    if not found.watch_dirs:
        recordings = _get(_get(given, "recording"), "output_dir")
        found.watch_dirs = [recordings] if recordings else []
    return found


def _read_file(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise NotConfigured(f"The configuration cannot be read: {error}") from error
    except ValueError as error:
        raise NotConfigured(f"The configuration is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise NotConfigured("The configuration must be a JSON object.")
    return found


def _get(holder: Any, name: str) -> Any:
    """Of a dict or of an object, such as the settings classes of recorders are."""
    if isinstance(holder, Mapping):
        return holder.get(name)
    return getattr(holder, name, None)


def _cast(name: str, value: Any) -> Any:
    default = getattr(Settings, name, None)
    try:
        if name == "watch_dirs":
            return _folders(value)
        if isinstance(default, bool):
            return _truth(value)
        if name in _NUMBERS:
            return _not_negative(float(value))
        if isinstance(default, int):
            return _not_negative(int(value))
    except (TypeError, ValueError) as error:
        raise NotConfigured(f"{name} has a value that it cannot have: {value!r}") from error
    if not isinstance(value, (str, os.PathLike)):
        raise NotConfigured(f"{name} must be a text, not {value!r}.")
    return str(value)


def _folders(value: Any) -> list[Any]:
    """From the environment: separated as paths are on this system."""
    if isinstance(value, str):
        return [one for one in value.split(os.pathsep) if one]
    return list(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    said = str(value).strip().lower()
    if said not in _TRUE + _FALSE:
        raise ValueError(said)
    return said in _TRUE


def _not_negative(value: Any) -> Any:
    if value < 0:
        raise ValueError(value)
    return value


def _variable_named(token: str) -> str:
    """`env:NAME` or `${NAME}`."""
    if token.startswith("env:"):
        return token[4:].strip()
    return token[2:-1].strip() if token.startswith("${") and token.endswith("}") else ""
