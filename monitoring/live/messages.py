"""The messages of the live protocol, in both forms: of a WebSocket, and flat of an event stream."""

from datetime import UTC, datetime
from typing import Any, Literal, NotRequired, TypedDict

import orjson
from django.templatetags.static import static
from django.utils.translation import gettext as _

from monitoring.files.models import TrackedFile
from monitoring.live.errors import LiveError
from monitoring.live.states import FileState

Status = Literal["pending", "downloading", "completed", "failed"]

# The protocol's words for ours.
STATUS: dict[str, Status] = {
    TrackedFile.Status.QUEUED: "pending",
    TrackedFile.Status.PROCESSING: "downloading",
    TrackedFile.Status.COMPLETED: "completed",
    TrackedFile.Status.FAILED: "failed",
}


class DownloadData(TypedDict):
    progress: float
    status: Status
    title: str
    thumbnail: str
    url: str
    stage: str | None
    bytes_done: int | None
    bytes_total: int | None
    rate: float | None
    eta_seconds: int | None
    file_path: NotRequired[str | None]
    file_size: NotRequired[int | None]
    format: NotRequired[str | None]
    error_message: NotRequired[str]


class DownloadUpdateMessage(TypedDict):
    type: Literal["download_update"]
    timestamp: str
    download_id: str
    data: DownloadData


class ConnectionEstablishedMessage(TypedDict):
    type: Literal["connection_established"]
    timestamp: str
    download_id: str
    data: dict[str, str]


class ErrorMessage(TypedDict):
    type: Literal["error"]
    timestamp: str
    code: str
    message: str


def download_data(state: FileState) -> DownloadData:
    data = DownloadData(
        progress=state.progress,
        status=STATUS[state.status],
        title=state.title,
        thumbnail=static(f"kinds/{state.kind}.svg"),
        url=state.url,
        stage=state.stage,
        bytes_done=state.bytes_done,
        bytes_total=state.bytes_total,
        rate=state.rate,
        eta_seconds=state.eta_seconds,
    )
    if data["status"] == "completed":
        data["file_path"] = state.result.file_path
        data["file_size"] = state.result.file_size
        data["format"] = state.result.format
    elif data["status"] == "failed":
        data["error_message"] = state.error
    return data


def socket_update(state: FileState) -> str:
    message = DownloadUpdateMessage(
        type="download_update",
        timestamp=iso(state.read_at),
        download_id=str(state.file_id),
        data=download_data(state),
    )
    cursor = {"id": str(state.cursor)} if state.cursor else {}
    return orjson.dumps({**message, **cursor}).decode()


def stream_update(state: FileState) -> str:
    data = download_data(state)
    kinds = {"completed": "download_completed", "failed": "download_failed"}
    ends = {"completed": _("Completed."), "failed": state.error or _("Failed.")}
    message: dict[str, Any] = {
        "type": kinds.get(data["status"], "progress_update"),
        "timestamp": iso(state.read_at),
        "download_id": str(state.file_id),
        **data,
    }
    if state.is_final:
        message["message"] = ends[data["status"]]
    return stream_event(message, cursor=wire_cursor(state))


def stream_event(message: dict[str, Any], *, cursor: str | None = None) -> str:
    line = f"id: {cursor}\n" if cursor else ""
    return f"{line}data: {orjson.dumps(message).decode()}\n\n"


def wire_cursor(state: FileState) -> str | None:
    """The event that this state includes; for an end whose event is not kept, a mark of it."""
    if state.cursor is not None:
        return str(state.cursor)
    return FORGOTTEN_END if state.is_final else None


# No event has the id 0 (see `monitoring.live.resume`).
FORGOTTEN_END = "0-0"


def established(download_id: str) -> ConnectionEstablishedMessage:
    return ConnectionEstablishedMessage(
        type="connection_established",
        timestamp=iso(datetime.now(UTC)),
        download_id=download_id,
        data={"download_id": download_id},
    )


def reset(download_id: str) -> dict[str, Any]:
    """What was missed is not known any more: the state that follows stands for it."""
    now = iso(datetime.now(UTC))
    return {"type": "reset", "timestamp": now, "download_id": download_id, "data": {}}


def error_message(error: LiveError) -> ErrorMessage:
    return ErrorMessage(
        type="error", timestamp=iso(datetime.now(UTC)), code=error.code, message=str(error)
    )


def flat(message: Any) -> dict[str, Any]:
    """The form of an event stream: what a WebSocket has under `data` stands at top level."""
    rest = {key: value for key, value in message.items() if key != "data"}
    return {**rest, **message.get("data", {})}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
