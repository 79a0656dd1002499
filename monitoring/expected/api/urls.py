"""Every path answers with and without a trailing slash, without a redirect."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, re_path

from monitoring.expected.api.entries import EntriesView, EntryView, JobEntriesView
from monitoring.expected.api.jobs import (
    AcknowledgeView,
    ExportView,
    ImportView,
    JobsView,
    JobView,
    PingKeyView,
    ReportsView,
    SnoozeView,
)

JOB = r"(?P<job_id>[0-9]{1,19})"
ENTRY = r"(?P<entry_id>[0-9]{1,19})"


def _both(path: str, view: Callable[..., Any], name: str) -> URLPattern:
    return re_path(rf"^v1/{path}/?$", view, name=name)


urlpatterns = [
    _both("jobs", JobsView.as_view(), "jobs"),
    _both("jobs/import", ImportView.as_view(), "jobs-import"),
    _both("jobs/export", ExportView.as_view(), "jobs-export"),
    _both(f"jobs/{JOB}", JobView.as_view(), "job"),
    _both(f"jobs/{JOB}/reports", ReportsView.as_view(), "job-reports"),
    _both(f"jobs/{JOB}/acknowledge", AcknowledgeView.as_view(), "job-acknowledge"),
    _both(f"jobs/{JOB}/ping-key", PingKeyView.as_view(), "job-ping-key"),
    _both(f"jobs/{JOB}/snooze", SnoozeView.as_view(), "job-snooze"),
    _both("entries", EntriesView.as_view(), "entries"),
    _both(f"entries/by_job/{JOB}", JobEntriesView.as_view(), "job-entries"),
    _both(f"entries/{ENTRY}", EntryView.as_view(), "entry"),
]
