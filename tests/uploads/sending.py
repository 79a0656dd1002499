"""A sender of the tests: plain HTTP, no client of ours. And a worker that stores what it sent."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitoring.files.courses import course_of
from uploads.models import UploadSession
from uploads.queueing import claim_upload


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Sender:
    def __init__(self, base: str, token: str) -> None:
        self.base, self.token = base, token

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """`path` may be a whole address; a body that is no bytes is sent as JSON."""
        parts = urlsplit(path if "://" in path else self.base + path)
        peer = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            peer.request(method, target, body=body, headers=sent)
            answer = peer.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        finally:
            peer.close()

    def open(self, body: bytes, **more: Any) -> Any:
        """A session for this file."""
        asked = {"session_id": "rdp_123_1729950022", "file_size": len(body), **more}
        answer = self.ask("POST", "/api/uploads/create-session", asked)
        assert answer.status == 201, answer.body
        return answer.json

    def patch(self, url: str, offset: int, body: bytes, **headers: str) -> Answer:
        return self.ask(
            "PATCH",
            url,
            body,
            {
                "Tus-Resumable": "1.0.0",
                "Upload-Offset": str(offset),
                "Content-Type": "application/offset+octet-stream",
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    def offset(self, url: str) -> int:
        answer = self.ask("HEAD", url, headers={"Tus-Resumable": "1.0.0"})
        assert answer.status == 200, answer.body
        return int(answer.headers["upload-offset"])

    def status(self, session_id: str) -> Any:
        return self.ask("GET", f"/api/uploads/{session_id}/status").json

    def finalize(self, session_id: str, **body: Any) -> Answer:
        return self.ask("POST", f"/api/uploads/{session_id}/finalize", body)


def session_named(public_id: str) -> UploadSession:
    found: UploadSession = UploadSession.objects.get(pk=public_id.removeprefix("upload_session_"))
    return found


def store(public_id: str) -> UploadSession:
    """Do here what a worker would."""
    session = session_named(public_id)
    claim = claim_upload(session_id=session.pk)
    assert claim is not None, session.status
    course_of("upload").carry_out(claim)
    session.refresh_from_db()
    return session
