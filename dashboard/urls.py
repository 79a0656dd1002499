"""Addresses of the pages across apps."""

from django.urls import path

from dashboard import overview
from dashboard.expected import editing, lists
from dashboard.expected import pages as expected

app_name = "dashboard"

urlpatterns = [
    path("dashboard/", overview.overview, name="overview"),
    path("dashboard/expected", expected.board, name="expected"),
    path("dashboard/expected/new", editing.job_new, name="expected-new"),
    path("dashboard/expected/preview", editing.preview, name="expected-preview"),
    path("dashboard/expected/import", lists.job_import, name="expected-import"),
    path("dashboard/expected/export", lists.job_export, name="expected-export"),
    path("dashboard/expected/<int:job_id>/edit", editing.job_edit, name="expected-edit"),
    path("dashboard/expected/<int:job_id>/delete", editing.job_delete, name="expected-delete"),
    path("dashboard/expected/<int:job_id>", expected.job_page, name="expected-job"),
    path("dashboard/expected/<int:job_id>/act", expected.act, name="expected-act"),
]
