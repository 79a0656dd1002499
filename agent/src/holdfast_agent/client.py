"""The calls of the upload API, one method each. What to do after an error: `manager`."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Callable, Union
from urllib.parse import quote, urlsplit

import requests

from holdfast_agent.answers import body_of
from holdfast_agent.bodies import Body, Progress
from holdfast_agent.digests import RunningDigest, Shelf
from holdfast_agent.errors import (
    ApiError,
    NetworkError,
    UploadError,
    ValidationError,
)
from holdfast_agent.files import Identity, opened
from holdfast_agent.line import Line
from holdfast_agent.logs import log
from holdfast_agent.pace import BandwidthLimit, Stop

CHUNK = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream"}
MOST_GOES = 8
LONGEST_TEST = 10
Place = Union[str, Path, "os.PathLike[str]"]


class UploadSession(dict[str, Any]):
    """The server's answer; its names can be read as attributes too."""

    is_new = False

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class RecordingUploadClient:
    """`base_url` is `https://HOST/api`, `timeout` in seconds of silence. May be used by threads."""

    def __init__(
        self,
        base_url: str,
        api_token: str,
        timeout: float = 60,
        *,
        ca_file: str | None = None,
        bandwidth_limit_kbps: float | None = None,
    ) -> None:
        self._line = Line(base_url, api_token, timeout, ca_file)
        self.base_url = self._line.base_url
        self.timeout = timeout
        self.limit = BandwidthLimit(bandwidth_limit_kbps)
        self.stopped = threading.Event()
        self._digests: Shelf[tuple[str, Identity], RunningDigest] = Shelf()
        self._finished: Shelf[str, str] = Shelf()
        log.info("RecordingUploadClient initialized for %s", self.base_url)

    def test_connection(self) -> bool:
        """Whether the server is there, well, and takes the token. Raises nothing."""
        try:
            self.check_connection()
        except ApiError as error:
            log.error("API connection test failed: %s", error.message)
            return False
        log.info("API connection test successful")
        return True

    def check_connection(self) -> dict[str, Any]:
        """What the server says of itself. Raises the error that `test_connection` only logs."""
        return body_of(self._line.ask("GET", "/health", timeout=min(self.timeout, LONGEST_TEST)))

    def create_session(
        self,
        session_id: str | None = None,
        connection_info: Mapping[str, Any] | None = None,
        file_size: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        sha256: str | None = None,
        file_name: str | None = None,
        kind: str | None = None,
        job_id: str | None = None,
    ) -> UploadSession:
        """Opens a session, or finds again the one there is of this very file."""
        said = {
            "session_id": session_id,
            "connection_info": dict(connection_info or {}),
            "file_size": file_size,
            "metadata": dict(metadata or {}),
            "sha256": sha256,
            "file_name": file_name,
            "kind": kind,
            "job_id": None if job_id is None else str(job_id),
        }
        body = {name: value for name, value in said.items() if value is not None}
        answer = self._line.ask("POST", "/uploads/create-session", json=body)
        session = UploadSession(body_of(answer))
        if not isinstance(session.get("session_id"), str):
            raise NetworkError("The server's answer names no session.")
        session.is_new = answer.status_code == 201
        return session

    def upload_file(
        self,
        session: str | Mapping[str, Any],
        file_path: Place,
        file_type: str = "video",
        progress_callback: Progress | None = None,
        *,
        stopped: Stop | None = None,
        on_offset: Callable[[int], Any] | None = None,
    ) -> UploadSession:
        """Sends the file, or what of it the server does not have yet.

        `session` is what `create_session` gave, a session's id, or one of its two addresses;
        `file_type` is `video`, `metadata` or `backup`. Call it again after a NetworkError: it goes
        on where the server stands. The answer has `sha256`, of the bytes as they were read.
        """
        if file_type not in ("video", "metadata", "backup"):
            raise ValidationError(f"file_type is video, metadata or backup, not {file_type!r}.")
        path = Path(file_path)
        if file_type == "metadata":
            return self._upload_metadata(session, path)
        url, name = self._resource(session)
        with opened(path) as file:
            identity = Identity.of(os.fstat(file.fileno()))
            # That of the go before, when it was of the same bytes.
            digest = self._digests.get((name, identity)) or RunningDigest()
            self._digests.put((name, identity), digest)
            offset = 0 if getattr(session, "is_new", False) else self.offset_of(url)
            if on_offset is not None:
                on_offset(offset)
            for _go in range(MOST_GOES):
                body = Body(
                    file,
                    offset=offset,
                    size=identity.size,
                    digest=digest,
                    limit=self.limit,
                    stopped=stopped or self.stopped,
                    progress=progress_callback,
                )
                try:
                    if not len(body) or self._append(url, offset, body) == identity.size:
                        break
                except ValidationError as error:
                    offset = _offset_from(error, offset)
                else:
                    offset = self.offset_of(url)
            else:
                raise NetworkError("The server and the agent do not agree where the file stands.")
            if Identity.of(os.fstat(file.fileno())) != identity:
                raise UploadError("The file changed while it was sent.", code="changed")
        sha256 = digest.hexdigest()
        self._finished.put(name, sha256)
        return UploadSession(session_id=name, file_size=identity.size, sha256=sha256)

    def offset_of(self, url: str) -> int:
        """How many bytes the server has, for good."""
        return _offset_in(self._line.ask("HEAD", url, headers={"Tus-Resumable": "1.0.0"}))

    def finalize(
        self, session_id: str | Mapping[str, Any], sha256: str | None = None
    ) -> UploadSession:
        """Has it checked and stored. Without `sha256`, that of `upload_file` is sent."""
        name = _name_of(session_id)
        sha256 = sha256 or self._finished.get(name)
        body = {"sha256": sha256} if sha256 else {}
        path = f"/uploads/{quote(name, safe='')}/finalize"
        return UploadSession(body_of(self._line.ask("POST", path, json=body)))

    def terminate(self, session_id: str | Mapping[str, Any]) -> None:
        """Gives the session up; what it had received is removed."""
        path = f"/uploads/tus/{quote(_name_of(session_id), safe='')}"
        self._line.ask("DELETE", path, headers={"Tus-Resumable": "1.0.0"})

    def get_status(self, session_id: str | Mapping[str, Any]) -> UploadSession:
        path = f"/uploads/{quote(_name_of(session_id), safe='')}/status"
        return UploadSession(body_of(self._line.ask("GET", path)))

    def list_recordings(self, **filters: Any) -> dict[str, Any]:
        """A page: `results, next, previous, count`. Filters by name; `from_` stands for `from`."""
        asked = {name.rstrip("_"): value for name, value in filters.items() if value is not None}
        return body_of(self._line.ask("GET", "/recordings", params=asked))

    def delete_recording(self, file_id: str) -> bool:
        """True when it is deleted. Needs the scope `recordings:delete`."""
        self._line.ask("DELETE", f"/recordings/{quote(str(file_id), safe='')}")
        return True

    def report_backup(self, job_id: str, report: Mapping[str, Any]) -> dict[str, Any]:
        """Tells what became of an expected backup whose bytes are not sent."""
        path = f"/v1/jobs/{quote(str(job_id), safe='')}/reports"
        return body_of(self._line.ask("POST", path, json=dict(report)))

    def _upload_metadata(self, session: str | Mapping[str, Any], path: Path) -> UploadSession:
        with opened(path) as file:
            body = file.read()
        url, _name = self._resource(session, "metadata")
        headers = {"Content-Type": "application/json"}
        return UploadSession(body_of(self._line.ask("POST", url, data=body, headers=headers)))

    def _append(self, url: str, offset: int, body: Iterable[bytes]) -> int:
        """Where the server stands after it."""
        headers = {**CHUNK, "Upload-Offset": str(offset)}
        return _offset_in(self._line.ask("PATCH", url, data=body, headers=headers))

    def _resource(self, session: str | Mapping[str, Any], kind: str = "video") -> tuple[str, str]:
        """The address to send to, and the session's name.

        Of the server's address only the path counts: the token goes to base_url's host alone.
        """
        given = session if isinstance(session, str) else session.get(f"{kind}_upload_url")
        if isinstance(given, str) and "/" in given:
            path = urlsplit(given).path
            return self._line.origin + path, path.rstrip("/").rpartition("/")[2]
        name = _name_of(session)
        head = (
            self.base_url[: -len("/api")] if self.base_url.endswith("/api") else self._line.origin
        )
        return f"{head}/upload/{kind}/{quote(name, safe='')}", name


def _name_of(session: str | Mapping[str, Any]) -> str:
    name = session if isinstance(session, str) else str(session.get("session_id") or "")
    if not name:
        raise ValidationError("There is no session_id.")
    return name.rstrip("/").rpartition("/")[2] if "://" in name else name


def _offset_in(answer: requests.Response) -> int:
    said = answer.headers.get("Upload-Offset", "")
    if not said.isdigit():
        raise NetworkError("What answers there is not Holdfast: it names no Upload-Offset.")
    return int(said)


def _offset_from(error: ValidationError, offset: int) -> int:
    """Where to go on, when the refusal says so; else it is raised again."""
    said = error.facts.get("bytes_received")
    if error.status != 409 or not isinstance(said, int) or said == offset:
        raise error
    return said
