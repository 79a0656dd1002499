"""The messages of the live protocol as types: `asyncapi` publishes exactly these.

A WebSocket's have `data`; an event stream's are flat, with the same fields at top level.
"""

from typing import Literal, NotRequired, TypedDict

Status = Literal["pending", "downloading", "completed", "failed"]
FinalType = Literal["progress_update", "download_completed", "download_failed"]


class DownloadData(TypedDict):
    """`progress` in percent; bytes are those of the stage; `rate` in bytes a second."""

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


class QueueData(TypedDict):
    """`queue_position`: how many stand before the caller's oldest queued file, plus one."""

    pending: int
    downloading: int
    completed: int
    failed: int
    total: int
    queue_position: int | None


class StatsData(TypedDict):
    """`total_storage_used` in bytes, `average_download_time` in seconds."""

    total_downloads: int
    completed_downloads: int
    failed_downloads: int
    pending_downloads: int
    downloads_today: int
    downloads_this_week: int
    downloads_this_month: int
    total_storage_used: int
    average_download_time: float


class SystemStats(StatsData):
    """`system_uptime` in seconds."""

    active_connections: int
    system_uptime: int


class RunningDownload(TypedDict):
    """`duration` of a recording in whole seconds, 0 where it has none or it is not known."""

    id: str
    url: str
    title: str
    thumbnail: str
    progress: float
    status: Status
    duration: int
    quality: str
    file_size: int | None
    format: str | None
    started_at: str | None


class DashboardData(TypedDict):
    downloads_in_progress: list[RunningDownload]
    queue_stats: QueueData
    system_stats: SystemStats
    timestamp: str


class NoticeData(TypedDict):
    """It holds from `starts_at` until `ends_at`; null: until it is withdrawn."""

    id: int
    kind: str
    level: str
    title: str
    message: str
    starts_at: str
    ends_at: str | None


# ---- of a WebSocket ---------------------------------------------------------------------


class ConnectionEstablishedMessage(TypedDict):
    type: Literal["connection_established"]
    timestamp: str
    download_id: NotRequired[str]
    message: NotRequired[str]
    data: dict[str, str]


class DownloadUpdateMessage(TypedDict):
    type: Literal["download_update"]
    timestamp: str
    download_id: str
    id: NotRequired[str]
    data: DownloadData


class QueueUpdateMessage(TypedDict):
    type: Literal["queue_update"]
    timestamp: str
    id: NotRequired[str]
    data: QueueData


class StatsUpdateMessage(TypedDict):
    type: Literal["stats_update"]
    timestamp: str
    id: NotRequired[str]
    data: StatsData


class DashboardUpdateMessage(TypedDict):
    type: Literal["dashboard_update"]
    timestamp: str
    id: NotRequired[str]
    data: DashboardData


class GeneralMessage(TypedDict):
    type: Literal["general_message"]
    timestamp: str
    data: NoticeData


class AlertsData(TypedDict):
    """Alerts that are neither acknowledged nor snoozed; no further than 99."""

    waiting: int


class AlertsUpdateMessage(TypedDict):
    """Only for who asks by `?alerts=1`, and may see alerts."""

    type: Literal["alerts_update"]
    timestamp: str
    data: AlertsData


class ErrorMessage(TypedDict):
    type: Literal["error"]
    timestamp: str
    code: str
    message: str


class ResetMessage(TypedDict):
    """What was missed is not known any more: the state that follows stands for it."""

    type: Literal["reset"]
    timestamp: str
    download_id: str
    data: dict[str, str]


# ---- of an event stream -----------------------------------------------------------------


class ConnectionEstablishedEvent(TypedDict):
    type: Literal["connection_established"]
    timestamp: str
    download_id: NotRequired[str]
    message: NotRequired[str]


class ResetEvent(TypedDict):
    """What was missed is not known any more: the state that follows stands for it."""

    type: Literal["reset"]
    timestamp: str
    download_id: str


class DownloadProgressEvent(DownloadData):
    """The last two types are the ends, with a sentence in `message`."""

    type: FinalType
    timestamp: str
    download_id: str
    message: NotRequired[str]


class QueueStatusEvent(QueueData):
    type: Literal["queue_update"]
    timestamp: str


class StatsEvent(StatsData):
    type: Literal["stats_update"]
    timestamp: str


class DashboardEvent(DashboardData):
    type: Literal["dashboard_update"]
