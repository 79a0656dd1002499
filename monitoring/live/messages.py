"""The messages of the live protocol, in both forms: of a WebSocket, and flat of an event stream."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

import orjson
from django.templatetags.static import static
from django.utils.translation import gettext as _

from monitoring.files.models import TrackedFile
from monitoring.live.errors import LiveError
from monitoring.live.general import Waiting
from monitoring.live.numbers import Announced, Numbers
from monitoring.live.protocol import (
    AlertsData,
    AlertsUpdateMessage,
    ConnectionEstablishedMessage,
    DashboardData,
    DashboardUpdateMessage,
    DownloadData,
    DownloadUpdateMessage,
    ErrorMessage,
    GeneralMessage,
    NoticeData,
    QueueData,
    QueueUpdateMessage,
    ResetMessage,
    RunningDownload,
    StatsData,
    StatsUpdateMessage,
    Status,
    SystemStats,
)
from monitoring.live.running import Running
from monitoring.live.states import FileState
from monitoring.notices.selectors import Shown

# The protocol's words for ours.
STATUS: dict[str, Status] = {
    TrackedFile.Status.QUEUED: "pending",
    TrackedFile.Status.PROCESSING: "downloading",
    TrackedFile.Status.COMPLETED: "completed",
    TrackedFile.Status.FAILED: "failed",
}


def download_data(state: FileState) -> DownloadData:
    data = DownloadData(
        progress=state.progress,
        status=STATUS[state.status],
        title=state.title,
        thumbnail=thumbnail_of(state.kind, state.thumbnail),
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


def established(details: dict[str, str]) -> ConnectionEstablishedMessage:
    message = ConnectionEstablishedMessage(
        type="connection_established", timestamp=now(), data=details
    )
    if "download_id" in details:
        message["download_id"] = details["download_id"]
    if "message" in details:
        message["message"] = details["message"]
    return message


def reset(details: dict[str, str]) -> ResetMessage:
    return ResetMessage(type="reset", timestamp=now(), download_id=details["download_id"], data={})


def error_message(error: LiveError) -> ErrorMessage:
    return ErrorMessage(type="error", timestamp=now(), code=error.code, message=str(error))


def flat(message: Any) -> dict[str, Any]:
    """The form of an event stream: what a WebSocket has under `data` stands at top level."""
    rest = {key: value for key, value in message.items() if key != "data"}
    return {**rest, **message.get("data", {})}


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    return iso(datetime.now(UTC))


def thumbnail_of(kind: str, kept: str) -> str:
    """Always on our own host: a picture that was fetched and kept, or else the kind's icon."""
    return kept or _icon(kind)


@cache
def _icon(kind: str) -> str:
    return static(f"kinds/{kind}.svg")


# ---- numbers ----------------------------------------------------------------------------


def queue_data(state: Numbers | Announced) -> QueueData:
    if isinstance(state, Announced):
        return cast(QueueData, state.data)
    queue = state.queue
    return QueueData(
        pending=queue.pending,
        downloading=queue.downloading,
        completed=queue.completed,
        failed=queue.failed,
        total=queue.total,
        queue_position=state.position,
    )


def stats_data(state: Numbers | Announced) -> StatsData:
    if isinstance(state, Announced):
        return cast(StatsData, state.data)
    stats, queue = state.stats, state.stats.queue
    return StatsData(
        total_downloads=queue.total,
        completed_downloads=queue.completed,
        failed_downloads=queue.failed,
        pending_downloads=queue.pending,
        downloads_today=stats.today,
        downloads_this_week=stats.week,
        downloads_this_month=stats.month,
        total_storage_used=stats.storage_used,
        average_download_time=stats.seconds,
    )


def dashboard_data(state: Numbers | Announced) -> DashboardData:
    if isinstance(state, Announced):
        return cast(DashboardData, state.data)
    return DashboardData(
        downloads_in_progress=[running_data(one) for one in state.running],
        queue_stats=queue_data(state),
        system_stats=SystemStats(
            **stats_data(state), active_connections=state.connections, system_uptime=state.uptime
        ),
        timestamp=iso(state.read_at),
    )


def running_data(one: Running) -> RunningDownload:
    return RunningDownload(
        id=one.id,
        url=one.url,
        title=one.title,
        thumbnail=thumbnail_of(one.kind, one.facts.thumbnail),
        progress=one.progress,
        status="downloading",
        duration=one.facts.duration,
        quality=one.facts.quality,
        file_size=one.facts.file_size,
        format=one.facts.format,
        started_at=iso(one.started_at) if one.started_at else None,
    )


def notice_data(one: Shown) -> NoticeData:
    return NoticeData(
        id=one.id,
        kind=one.kind,
        level=one.level,
        title=one.title,
        message=one.message,
        starts_at=iso(one.starts_at),
        ends_at=iso(one.ends_at) if one.ends_at else None,
    )


def queue_message(state: Numbers | Announced) -> QueueUpdateMessage:
    return QueueUpdateMessage(
        type="queue_update", timestamp=iso(state.read_at), data=queue_data(state)
    )


def stats_message(state: Numbers | Announced) -> StatsUpdateMessage:
    return StatsUpdateMessage(
        type="stats_update", timestamp=iso(state.read_at), data=stats_data(state)
    )


def dashboard_message(state: Numbers | Announced) -> DashboardUpdateMessage:
    return DashboardUpdateMessage(
        type="dashboard_update", timestamp=iso(state.read_at), data=dashboard_data(state)
    )


def queue_socket(state: Numbers | Announced) -> str:
    return _socket(queue_message(state), state)


def queue_stream(state: Numbers | Announced) -> str:
    return _stream(queue_message(state), state)


def stats_socket(state: Numbers | Announced) -> str:
    return _socket(stats_message(state), state)


def stats_stream(state: Numbers | Announced) -> str:
    return _stream(stats_message(state), state)


def dashboard_socket(state: Numbers | Announced) -> str:
    return _socket(dashboard_message(state), state)


def dashboard_stream(state: Numbers | Announced) -> str:
    return _stream(dashboard_message(state), state)


def general_socket(one: Shown | Waiting) -> str:
    return orjson.dumps(_general(one)).decode()


def general_stream(one: Shown | Waiting) -> str:
    return stream_event(flat(_general(one)))


def _general(one: Shown | Waiting) -> GeneralMessage | AlertsUpdateMessage:
    if isinstance(one, Waiting):
        data = AlertsData(waiting=one.count)
        return AlertsUpdateMessage(type="alerts_update", timestamp=now(), data=data)
    return GeneralMessage(type="general_message", timestamp=now(), data=notice_data(one))


def _socket(message: Any, state: Numbers | Announced) -> str:
    place = {"id": str(state.cursor)} if state.cursor else {}
    return orjson.dumps({**message, **place}).decode()


def _stream(message: Any, state: Numbers | Announced) -> str:
    return stream_event(flat(message), cursor=str(state.cursor) if state.cursor else None)
