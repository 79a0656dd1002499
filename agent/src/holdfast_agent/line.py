"""The line to the server: one request, its token, and the error that its answer means."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import requests

from holdfast_agent.answers import lost, raise_for
from holdfast_agent.errors import NetworkError, NotConfigured
from holdfast_agent.logs import keep_secret, log
from holdfast_agent.version import __version__

_NEAR = ("localhost", "127.0.0.1", "::1")


class _Bearer(requests.auth.AuthBase):
    """As `auth`, so that a .netrc cannot take the header's place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Line:
    """To one host. May be used by threads. `origin` is the address without any path."""

    def __init__(self, base_url: str, token: str, timeout: float, ca_file: str | None) -> None:
        parts = urlsplit(base_url or "")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NotConfigured(f"base_url must be like https://HOST/api, and is {base_url!r}.")
        if parts.username or parts.password:
            raise NotConfigured("base_url holds a name or password; the token is all that is sent.")
        if any(ord(letter) < 33 or ord(letter) > 126 for letter in token):
            raise NotConfigured("api_token holds spaces or other signs that no token has.")
        keep_secret(token)
        if parts.scheme == "http" and parts.hostname not in _NEAR:
            log.warning("base_url is not https: token and files can be read on the way")
        self.base_url = base_url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.timeout = timeout
        self._auth = _Bearer(token)
        self._verify: str | bool = ca_file or True
        self._local = threading.local()

    def ask(self, method: str, target: str, **said: Any) -> requests.Response:
        """Raises ApiError. `target` is a path of the API, or an address on its host."""
        url = target if target.startswith(self.origin + "/") else self.base_url + target
        headers = {"Accept": "application/json", **said.pop("headers", {})}
        said.setdefault("timeout", self.timeout)
        try:
            answer = self._connection().request(
                method,
                url,
                headers=headers,
                auth=self._auth,
                allow_redirects=False,
                verify=self._verify,
                **said,
            )
        except requests.RequestException as error:
            self._drop_connection()
            raise lost(error) from error
        except OSError as error:
            self._drop_connection()
            raise NetworkError(f"The connection to the server failed: {error}") from error
        raise_for(answer)
        return answer

    def _connection(self) -> requests.Session:
        """One for each thread: `requests` does not promise that threads may share one."""
        found: requests.Session | None = getattr(self._local, "session", None)
        if found is None:
            found = self._local.session = requests.Session()
            found.headers["User-Agent"] = f"holdfast-agent/{__version__}"
        return found

    def _drop_connection(self) -> None:
        """What is left in it of a broken exchange must not become another's answer."""
        self._connection().close()
        self._local.session = None
