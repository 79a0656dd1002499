"""What server code says to those who listen: awaitable, each with a plain twin for workers.

Of a file the row is written and readers are told of the row: what is said is not lost with a
wake-up, and nothing older comes after it. Numbers are read by the hubs themselves; those that are
said here are passed on once, to who sees just them, and what is read next takes their place.
"""

import uuid
from typing import Any

from asgiref.sync import sync_to_async

from access.models import Company
from monitoring.events.wakeups import say
from monitoring.files.announcing import (
    AnnouncementRefused,
    announce_completed,
    announce_failed,
    announce_progress,
)
from monitoring.live.messages import now
from monitoring.live.protocol import (
    DashboardData,
    QueueData,
    RunningDownload,
    StatsData,
    Status,
    SystemStats,
)

OWN = "/"


class NotificationService:
    """See docs/live.md. `company`: whose numbers these are; None: the whole installation's."""

    # ---- of a file; raise AnnouncementRefused

    def notify_download_progress_sync(
        self,
        *,
        download_id: uuid.UUID | str,
        progress: float,
        status: Status = "downloading",
        title: str = "",
        thumbnail: str = "",
        url: str = "",
    ) -> None:
        """`thumbnail` is a path on our own host; one of another host is not shown."""
        if status not in ("pending", "downloading"):
            raise AnnouncementRefused("Ends are said by notify_download_completed and _failed.")
        announce_progress(
            file_id=_id(download_id),
            progress=progress,
            is_running=status == "downloading",
            title=title,
            url=url,
            thumbnail=_own(thumbnail),
        )

    def notify_download_completed_sync(
        self,
        *,
        download_id: uuid.UUID | str,
        file_path: str | None = None,
        title: str = "",
        thumbnail: str = "",
        url: str = "",
        file_size: int | None = None,
        format: str | None = None,
    ) -> None:
        """`file_path` is a storage key, never a path of the server."""
        announce_completed(
            file_id=_id(download_id),
            title=title,
            url=url,
            thumbnail=_own(thumbnail),
            file_path=file_path,
            file_size=file_size,
            format=format,
        )

    def notify_download_failed_sync(
        self,
        *,
        download_id: uuid.UUID | str,
        error_message: str,
        title: str = "",
        thumbnail: str = "",
        url: str = "",
    ) -> None:
        announce_failed(
            file_id=_id(download_id),
            error_message=error_message,
            title=title,
            url=url,
            thumbnail=_own(thumbnail),
        )

    async def notify_download_progress(self, **said: Any) -> None:
        await sync_to_async(self.notify_download_progress_sync)(**said)

    async def notify_download_completed(self, **said: Any) -> None:
        await sync_to_async(self.notify_download_completed_sync)(**said)

    async def notify_download_failed(self, **said: Any) -> None:
        await sync_to_async(self.notify_download_failed_sync)(**said)

    # ---- numbers; never block, never raise

    def notify_queue_update_sync(self, *, stats: QueueData, company: Company | None = None) -> None:
        _pass_on("queue", dict(stats), company)

    def notify_stats_update_sync(self, *, stats: StatsData, company: Company | None = None) -> None:
        _pass_on("stats", dict(stats), company)

    def notify_dashboard_update_sync(
        self,
        *,
        downloads_in_progress: list[RunningDownload],
        queue_stats: QueueData,
        system_stats: SystemStats,
        company: Company | None = None,
    ) -> None:
        data = DashboardData(
            downloads_in_progress=downloads_in_progress,
            queue_stats=queue_stats,
            system_stats=system_stats,
            timestamp=now(),
        )
        _pass_on("dashboard", dict(data), company)

    async def notify_queue_update(self, **said: Any) -> None:
        self.notify_queue_update_sync(**said)

    async def notify_stats_update(self, **said: Any) -> None:
        self.notify_stats_update_sync(**said)

    async def notify_dashboard_update(self, **said: Any) -> None:
        self.notify_dashboard_update_sync(**said)


def _pass_on(channel: str, data: dict[str, Any], company: Company | None) -> None:
    say({"channel": channel, "data": data, "company": company.pk if company else None})


def _id(download_id: uuid.UUID | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(download_id))
    except ValueError as error:
        raise AnnouncementRefused("There is no such file.") from error


def _own(thumbnail: str) -> str:
    is_own = thumbnail.startswith(OWN) and not thumbnail.startswith("//")
    return thumbnail if is_own else ""


notification_service = NotificationService()
