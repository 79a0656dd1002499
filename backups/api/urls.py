"""Every path answers with and without a trailing slash, without a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path

from backups.api.checks import ValidateView
from backups.api.cleanup import CleanupView
from backups.api.copies import CopyView
from backups.api.databases import DatabasesView, DatabaseTestView, DatabaseView
from backups.api.download import DownloadView
from backups.api.orphans import OrphansView
from backups.api.rescan import RescanView
from backups.api.schedules import (
    ScheduleRunView,
    SchedulesView,
    ScheduleTestView,
    ScheduleView,
)
from backups.api.views import CancelView, CreateView, DetailView, ListView, StatusView

app_name = "api"

_ID = "[0-9a-fA-F-]{32,36}"
UUID = rf"(?P<backup_id>{_ID})"
DATABASE = rf"(?P<database_id>{_ID})"
TARGET = rf"(?P<target_id>{_ID})"
SCHEDULE = rf"(?P<schedule_id>{_ID})"


def _both(path: str, view: Callable[..., Any], name: str) -> URLPattern:
    return re_path(rf"^{path}/?$", view, name=name)


urlpatterns = [
    _both("backup/create", CreateView.as_view(), "backup-create"),
    _both("backup/list", ListView.as_view(), "backup-list"),
    _both(f"backup/status/{UUID}", StatusView.as_view(), "backup-status"),
    _both(f"backup/cancel/{UUID}", CancelView.as_view(), "backup-cancel"),
    _both(f"backup/validate/{UUID}", ValidateView.as_view(), "backup-validate"),
    _both(f"backup/copy/{UUID}", CopyView.as_view(), "backup-copy"),
    _both(f"backup/download/{UUID}", DownloadView.as_view(), "backup-download"),
    _both(f"backup/{UUID}", DetailView.as_view(), "backup-detail"),
    _both("databases", DatabasesView.as_view(), "databases"),
    _both(f"databases/{DATABASE}/test", DatabaseTestView.as_view(), "database-test"),
    _both(f"databases/{DATABASE}/cleanup", CleanupView.as_view(), "database-cleanup"),
    _both(f"databases/{DATABASE}", DatabaseView.as_view(), "database"),
    _both(f"storages/{TARGET}/rescan", RescanView.as_view(), "storage-rescan"),
    _both(f"storages/{TARGET}/orphans", OrphansView.as_view(), "storage-orphans"),
    _both("schedules", SchedulesView.as_view(), "schedules"),
    _both(f"schedules/{SCHEDULE}/test", ScheduleTestView.as_view(), "schedule-test"),
    _both(f"schedules/{SCHEDULE}/run", ScheduleRunView.as_view(), "schedule-run"),
    _both(f"schedules/{SCHEDULE}", ScheduleView.as_view(), "schedule"),
]
