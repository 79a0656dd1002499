"""A session in the shape of the documented API."""

from typing import Any

from backups.description import iso
from uploads.limits import Quota
from uploads.models import Part, UploadSession
from uploads.overview import Sender
from uploads.rates import rate_of
from uploads.states import Status


def describe_status(session: UploadSession) -> dict[str, Any]:
    """`progress` is of the bytes that are here, and 100 only when all is done."""
    received = next(
        (part.received for part in session.parts.all() if part.kind == Part.Kind.FILE), 0
    )
    done = session.status == Status.COMPLETED
    if done or session.status == Status.FINALIZING:
        received = session.file_size
    return {
        "session_id": session.public_id,
        "client_session_id": session.client_id or None,
        "status": session.status,
        "progress": 100 if done else _percent(received, session.file_size),
        "bytes_received": received,
        "file_size": session.file_size,
        "retry_count": session.retry_count,
        "server_file_id": str(session.result_id) if done else None,
        "error": session.error or None,
        "content": describe_content(session),
        "created_at": iso(session.created_at),
        "expires_at": iso(session.expires_at),
    }


def describe_listed(session: UploadSession) -> dict[str, Any]:
    """`rate` in bytes a second; null while nothing comes."""
    return {
        **describe_status(session),
        "kind": session.kind,
        "file_name": session.file_name or None,
        "sender": session.created_by.get_username() if session.created_by else None,
        "rate": _whole(rate_of(session)),
    }


def describe_quota(quota: Quota) -> dict[str, Any]:
    """In bytes, and sessions; `most_bytes_a_day` is null where there is no limit."""
    return dict(vars(quota))


def describe_sender(sender: Sender) -> dict[str, Any]:
    found = describe_quota(sender.quota)
    return {"agent_id": sender.agent.agent_id, "company": sender.agent.company.name, **found}


def describe_opened(session: UploadSession, *, base: str) -> dict[str, Any]:
    """`base` is the installation's address, without a slash at its end."""
    found: dict[str, Any] = {
        "session_id": session.public_id,
        "metadata_upload_url": f"{base}/upload/metadata/{session.public_id}",
        "video_upload_url": f"{base}/upload/video/{session.public_id}",
        "expires_at": iso(session.expires_at),
        "status": session.status,
    }
    if session.status in (Status.FINALIZING, Status.COMPLETED):
        found["file_id"] = str(session.result_id)
    return found


def describe_end(session: UploadSession) -> dict[str, Any]:
    return {
        "session_id": session.public_id,
        "status": session.status,
        "file_id": str(session.result_id),
        "file_size": session.file_size,
        "sha256": session.sha256,
        "content": describe_content(session),
    }


def describe_content(session: UploadSession) -> dict[str, Any] | None:
    """What the check of a sent backup found; null before it, and for what is no backup."""
    if not session.content_detail:
        return None
    return {"passed": session.content_passed, "detail": session.content_detail}


def _whole(rate: float | None) -> int | None:
    return None if rate is None else round(rate)


def _percent(received: int, size: int) -> float:
    return min(99.0, round(100 * received / size, 1)) if size else 0.0
